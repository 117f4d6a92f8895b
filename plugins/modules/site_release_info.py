#!/usr/bin/python
# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: site_release_info
short_description: Read which version a site shows, which are kept, and what was published
version_added: 0.1.0
description:
  - Reads the releases that M(fastbreak.aws.site_release) wrote to the release table.
options:
  bucket:
    description: Name of the site's bucket.
    type: str
    required: true
  release_table:
    description: Name of the DynamoDB table that keeps the release record.
    type: str
    required: true
  keep:
    description: Versions whose files are kept, as M(fastbreak.aws.site_release) was told.
    type: int
    default: 5
  history:
    description: How many releases to return, the newest first.
    type: int
    default: 20
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - fastbreak.aws.attributes
  - fastbreak.aws.attributes.info_module
seealso:
  - module: fastbreak.aws.site_release
author:
  - The Fastbreak maintainers (@fastbreak-sports)
"""

EXAMPLES = r"""
- name: Which version do users see, and which can be gone back to?
  fastbreak.aws.site_release_info:
    bucket: fastbreak-prod-cloudfront-sitebucket-1a2b3c4d5e6f
    release_table: fastbreak-prod-releases
  register: site

- name: Show it
  ansible.builtin.debug:
    msg: "{{ site.version }} of {{ site.kept_versions }}"
"""

RETURN = r"""
version:
  description: The version that was verified last. Empty if there was none.
  type: str
  returned: success
kept_versions:
  description: Versions that can be gone back to, the newest first, with the one that is shown.
  type: list
  elements: str
  returned: success
releases:
  description: The releases, the newest first.
  type: list
  elements: dict
  returned: success
  contains:
    site:
      description: What the rows of the site are filed under.
      type: str
    release_id:
      description: Key of the record.
      type: str
    version:
      description: What was published or gone back to.
      type: str
    manifest:
      description: Digest of the list of its files.
      type: str
    kind:
      description: V(publish) or V(rollback).
      type: str
    outcome:
      description: V(IN_PROGRESS), V(SUCCEEDED), V(ROLLED_BACK) or V(FAILED).
      type: str
    reason:
      description: Why it did not succeed.
      type: str
    started_at:
      description: When it was begun, ISO 8601 in UTC.
      type: str
    finished_at:
      description: When it ended. Empty for one that was interrupted.
      type: str
    started_by:
      description: ARN of who published it.
      type: str
    previous_version:
      description: The version that was verified before.
      type: str
    files:
      description: How many files the version has.
      type: int
    sent:
      description: How many of them were sent.
      type: int
    bytes_sent:
      description: Their bytes.
      type: int
"""

from ansible_collections.fastbreak.aws.plugins.module_utils._aws.module import run_module
from ansible_collections.fastbreak.aws.plugins.module_utils._common.entry import Entry
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._site.adapters.release_table import SiteReleasesClient
from ansible_collections.fastbreak.aws.plugins.module_utils._site.info import read_releases
from ansible_collections.fastbreak.aws.plugins.module_utils._site.request import LEAST_KEPT, site_name


def build_argument_spec():
    """The options, without those of every AWS module."""
    return {
        "bucket": {"type": "str", "required": True},
        "release_table": {"type": "str", "required": True},
        "keep": {"type": "int", "default": 5},
        "history": {"type": "int", "default": 20},
    }


def perform(params, context):
    """Read it and return the module's result."""
    for option, least in (("keep", LEAST_KEPT), ("history", 1)):
        if params[option] < least:
            raise RequestError(f"Option {option} is {params[option]}; it must be at least {least}.")
    releases = SiteReleasesClient(context.client("dynamodb"), params["release_table"], context.client("sts"))
    found = read_releases(site_name(params["bucket"]), releases, keep=params["keep"], history=params["history"])
    return {"changed": False, **found}


ENTRY = Entry(build_argument_spec(), perform, protecting=("bucket", "release_table"))


def main():
    run_module(ENTRY)


if __name__ == "__main__":
    main()
