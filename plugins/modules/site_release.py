#!/usr/bin/python
# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: site_release
short_description: Publish a version of a site to S3 and CloudFront, or go back to one
version_added: 0.1.0
description:
  - Sends what changed of a folder to the site's bucket, shows it, has the distribution's caches forget exactly the
    addresses that changed, and verifies through the distribution that the new version is served.
  - Files below C(assets/) hold a hash of their content in their names. They are sent first, may be kept for a year, and
    are never written over. All other files are asked for each time. C(index.html) is shown last, so that a page never
    lacks what it names, wherever a run ends.
  - The files of old versions stay, for pages that are open and for rollbacks, as many versions as O(keep) says. What no
    kept version names is deleted once the new version is verified. What no version named is never deleted.
  - A version that is not served as it should be is undone. The version before is shown again, and the task fails.
  - Each release is a row of the release table, which also holds the lock. Only one run works on a site at a time.
options:
  state:
    description: V(published) publishes O(source), V(rolled_back) goes back to a kept version.
    type: str
    choices: [published, rolled_back]
    default: published
  source:
    description:
      - The folder that the build wrote. Needed to publish.
      - Refused are a folder without C(index.html), links out of it, hidden files except C(.well-known), files
        whose media type is not known, and names that no address can hold.
    type: path
  config:
    description:
      - What the site is told where it is published, such as the issuer of tokens. Published as C(config.json) at the
        site's top, instead of a file of that name in O(source), and a part of what the version's digest is of.
      - Everybody who opens the site can read it. With nothing in it no such file is made.
    type: dict
    default: {}
  version:
    description:
      - What is published, such as C(1.4.2) or a whole tag. Not given, it is the first 12 digits of the digest of the
        list of its files.
      - To roll back, the version to go back to, or the id of its release. Not given, the version before.
    type: str
  bucket:
    description: Name of the site's bucket, the output C(SiteBucketName) of component C(cloudfront).
    type: str
    required: true
  distribution_id:
    description: Id of the distribution in front of it, the output C(DistributionId).
    type: str
    required: true
  url:
    description: What users open, the output C(SiteUrl). The version is verified there.
    type: str
    required: true
  release_table:
    description: Name of the DynamoDB table that keeps the release record.
    type: str
    required: true
  keep:
    description: Versions whose files are kept, with the one that is shown. At least 2.
    type: int
    default: 5
  media_types:
    description: Media types by the ending of the name, as C(glb) for C(model/gltf-binary), before the built-in table.
    type: dict
    default: {}
  largest_file_bytes:
    description: The size of the largest file that may be published.
    type: int
    default: 26214400
  concurrency:
    description: Files that are sent or verified at once.
    type: int
    default: 8
  ca_bundle:
    description: PEM file of authorities that are trusted besides the machine's own when the version is verified.
    type: path
  invalidation_timeout_seconds:
    description: How long the invalidation is waited for.
    type: int
    default: 600
  verification_timeout_seconds:
    description: How long the distribution may take to serve the version as it should be.
    type: int
    default: 60
attributes:
  check_mode:
    support: full
    details: Reads folder, bucket and records, and refuses what a run would refuse. Takes no lock and writes nothing.
  diff_mode:
    support: full
    details: A line for each file that is sent or shown, each address that is invalidated, each object that is deleted.
  idempotent:
    support: full
  action:
    support: full
extends_documentation_fragment:
  - fastbreak.aws.attributes
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
seealso:
  - module: fastbreak.aws.site_release_info
author:
  - The Fastbreak maintainers (@fastbreak-sports)
"""

EXAMPLES = r"""
- name: Publish what the build wrote
  fastbreak.aws.site_release:
    source: "{{ playbook_dir }}/../web/dist"
    version: 1.4.2
    bucket: fastbreak-dev-cloudfront-sitebucket-1a2b3c4d5e6f
    distribution_id: E2QWRUHAPOMQZL
    url: https://video.example.org
    release_table: fastbreak-dev-releases

- name: Go back to the version before
  fastbreak.aws.site_release:
    state: rolled_back
    bucket: fastbreak-dev-cloudfront-sitebucket-1a2b3c4d5e6f
    distribution_id: E2QWRUHAPOMQZL
    url: https://video.example.org
    release_table: fastbreak-dev-releases
"""

RETURN = r"""
version:
  description: The version that is shown, or in check mode would be.
  type: str
  returned: success
previous_version:
  description: The version that was verified before. Empty if there was none.
  type: str
  returned: success
release_id:
  description: Key of the record. Empty in check mode when something would change.
  type: str
  returned: success
url:
  description: What users open.
  type: str
  returned: success
manifest:
  description: Digest of the list of the version's files.
  type: str
  returned: success
files:
  description: How many files the version has.
  type: int
  returned: success
sent:
  description: Files that were sent.
  type: list
  elements: str
  returned: success
bytes_sent:
  description: Their bytes.
  type: int
  returned: success
shown:
  description: Files that keep their names and changed, in the order in which they were shown.
  type: list
  elements: str
  returned: success
invalidated:
  description: Addresses that caches were told to forget.
  type: list
  elements: str
  returned: success
deleted:
  description: Objects that no kept version names, which were deleted.
  type: list
  elements: str
  returned: success
"""

import os
import secrets
import socket

from ansible_collections.fastbreak.aws.plugins.module_utils._aws.module import run_module
from ansible_collections.fastbreak.aws.plugins.module_utils._common.entry import Entry
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError
from ansible_collections.fastbreak.aws.plugins.module_utils._release.run_name import run_name
from ansible_collections.fastbreak.aws.plugins.module_utils._release.table import ReleasesClient
from ansible_collections.fastbreak.aws.plugins.module_utils._site.adapters.bucket import BucketClient
from ansible_collections.fastbreak.aws.plugins.module_utils._site.adapters.distribution import DistributionClient
from ansible_collections.fastbreak.aws.plugins.module_utils._site.adapters.folder import SourceFolder
from ansible_collections.fastbreak.aws.plugins.module_utils._site.adapters.release_table import SiteReleasesClient
from ansible_collections.fastbreak.aws.plugins.module_utils._site.adapters.visitor import HttpVisitor
from ansible_collections.fastbreak.aws.plugins.module_utils._site.ports import Ports
from ansible_collections.fastbreak.aws.plugins.module_utils._site.report import result_data
from ansible_collections.fastbreak.aws.plugins.module_utils._site.request import build_request, made_files
from ansible_collections.fastbreak.aws.plugins.module_utils._site.run import release


def build_argument_spec():
    """The options, without those of every AWS module."""
    return {
        "state": {"type": "str", "choices": ["published", "rolled_back"], "default": "published"},
        "source": {"type": "path"},
        "config": {"type": "dict", "default": {}},
        "version": {"type": "str"},
        "bucket": {"type": "str", "required": True},
        "distribution_id": {"type": "str", "required": True},
        "url": {"type": "str", "required": True},
        "release_table": {"type": "str", "required": True},
        "keep": {"type": "int", "default": 5},
        "media_types": {"type": "dict", "default": {}},
        "largest_file_bytes": {"type": "int", "default": 26214400},
        "concurrency": {"type": "int", "default": 8},
        "ca_bundle": {"type": "path"},
        "invalidation_timeout_seconds": {"type": "int", "default": 600},
        "verification_timeout_seconds": {"type": "int", "default": 60},
    }


def build_ports(params, request, context):
    """The only place where clients are made."""
    table, connect = params["release_table"], context.client("dynamodb")
    return Ports(
        # What is gone back to is in the bucket.
        folder=None
        if request.rolls_back
        else SourceFolder(
            params["source"],
            types=request.media_types,
            largest=params["largest_file_bytes"],
            made=made_files(params["config"]),
        ),
        bucket=BucketClient(context.client("s3"), request.bucket),
        distribution=DistributionClient(context.client("cloudfront"), request.distribution_id),
        visitor=HttpVisitor(request.url, params["ca_bundle"] or ""),
        releases=SiteReleasesClient(connect, table, context.client("sts")),
        locks=ReleasesClient(connect, table),
        clock=context.clock,
        progress=context.progress,
    )


def perform(params, context):
    """Do it and return the module's result."""
    owner = run_name(os.environ.get("USER", ""), socket.gethostname(), os.getpid(), secrets.token_hex(4))
    request = build_request(params, owner=owner)
    try:
        result, told = release(request, build_ports(params, request, context), check_mode=context.check_mode)
    except KeyboardInterrupt as interruption:
        raise OperationError(
            "The site's release was interrupted. Whatever is shown is a whole version, with all that its pages name. "
            "Run it again to go on: what is there is not sent again."
        ) from interruption
    return result_data(result, request, told)


ENTRY = Entry(
    build_argument_spec(),
    perform,
    protecting=("bucket", "distribution_id", "url", "release_table", "keep"),
    texts=("version",),
)


def main():
    run_module(ENTRY)


if __name__ == "__main__":
    main()
