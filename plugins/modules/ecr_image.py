#!/usr/bin/python
# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ecr_image
short_description: Build an image once and push it to ECR
version_added: 0.1.0
description:
  - Publishes an image under a tag that never moves.
  - If the repository already has the tag, nothing is built or pushed.
  - The login comes from ECR's C(GetAuthorizationToken). It is passed to the Docker client on standard input, kept in a
    temporary folder for the push, and deleted afterwards.
  - The push goes to the host of the token's proxy endpoint, which on AWS is the registry itself.
  - The action plugin of the same name does the work in the controller and shows its progress.
options:
  repository:
    description: Name of the repository, without the registry.
    type: str
    required: true
  tag:
    description: The tag to push. It should name a commit, because it is never pushed a second time.
    type: str
    required: true
  local_image:
    description: The name under which O(build) leaves the image in the Docker engine.
    type: str
    required: true
  build:
    description: The command that builds O(local_image), as a list of words; no shell is involved.
    type: list
    elements: str
    required: true
  fetch:
    description:
      - If the repository already has the tag, have the Docker engine have that image too, as O(local_image). It is
        pulled by its digest, and what the name meant before is left without it.
      - For those who go on with what another machine built, and read what is in the image.
      - It is no change of the repository. Check mode pulls nothing.
      - The image keeps its name with the digest too, by which it is known to be that image.
    type: bool
    default: false
  digest:
    description:
      - The digest that was published under O(tag). When given, nothing is built or pushed, and the task fails if the
        tag is not there or names another digest.
      - Use it with O(fetch) to go on with an image that was seen before.
    type: str
  docker:
    description: The Docker client.
    type: str
    default: docker
  timeout_seconds:
    description: How long one command (the build, the push) may take, in seconds.
    type: int
    default: 1800
attributes:
  check_mode:
    support: full
    details: Only queries the registry. If the tag is missing, predicts a change and returns no digest.
  diff_mode:
    support: full
  idempotent:
    support: full
    details: An existing tag is left as it is, whatever the local image is now.
  action:
    support: full
extends_documentation_fragment:
  - fastbreak.aws.attributes
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
author:
  - The Fastbreak maintainers (@fastbreak-sports)
"""

EXAMPLES = r"""
- name: Publish the service
  fastbreak.aws.ecr_image:
    repository: fastbreak/inference
    tag: 0.1.0-1f0e3dad99908345f7439f8ffabdffc4f2b1c3a7
    local_image: fastbreak/inference:0.1.0-1f0e3dad99908345f7439f8ffabdffc4f2b1c3a7
    build: [docker, build, --tag, "fastbreak/inference:0.1.0-1f0e3dad99908345f7439f8ffabdffc4f2b1c3a7", service]
"""

RETURN = r"""
tag:
  description: The tag.
  type: str
  returned: success
  sample: 0.1.0-1f0e3dad99908345f7439f8ffabdffc4f2b1c3a7
digest:
  description: The digest that the tag names in the registry. Empty if check mode could only predict.
  type: str
  returned: success
  sample: sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
"""

from ansible_collections.fastbreak.aws.plugins.module_utils._aws.module import run_module
from ansible_collections.fastbreak.aws.plugins.module_utils._common.entry import Entry
from ansible_collections.fastbreak.aws.plugins.module_utils._ecr.client import EcrClient
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.names import check_digest
from ansible_collections.fastbreak.aws.plugins.module_utils._publish.docker import DockerClient
from ansible_collections.fastbreak.aws.plugins.module_utils._publish.run import Ports, publish
from ansible_collections.fastbreak.aws.plugins.module_utils._publish.values import Publication


def build_argument_spec():
    """The options, without those of every AWS module."""
    return {
        "repository": {"type": "str", "required": True},
        "tag": {"type": "str", "required": True},
        "local_image": {"type": "str", "required": True},
        "build": {"type": "list", "elements": "str", "required": True},
        "fetch": {"type": "bool", "default": False},
        "digest": {"type": "str"},
        "docker": {"type": "str", "default": "docker"},
        "timeout_seconds": {"type": "int", "default": 1800},
    }


def build_request(params):
    """The options as the flow takes them."""
    digest = check_digest(params["digest"]) if params["digest"] else ""
    names = params["repository"], params["tag"], params["local_image"]
    return Publication(*names, tuple(params["build"]), fetch=params["fetch"], digest=digest)


def build_ports(params, context):
    """The only place where clients are made."""
    return Ports(
        registry=EcrClient(context.client("ecr")),
        engine=DockerClient(params["docker"], params["timeout_seconds"]),
        say=context.progress.say,
    )


def perform(params, context):
    """Publish and return the module's result."""
    request = build_request(params)
    return to_exit(request, publish(request, build_ports(params, context), check_mode=context.check_mode))


def to_exit(request, published):
    """The result of the task."""
    after = {"tag": request.tag} if published.changed else {}
    return {
        "changed": published.changed,
        "tag": request.tag,
        "digest": published.digest,
        "diff": {"before": {}, "after": after, "before_header": request.repository, "after_header": request.repository},
    }


ENTRY = Entry(
    build_argument_spec(), perform, protecting=("tag", "digest"), texts=("tag", "digest", "local_image", "build")
)


def main():
    run_module(ENTRY)


if __name__ == "__main__":
    main()
