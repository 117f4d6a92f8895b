#!/usr/bin/python
# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: source_tree_info
short_description: Read which commit a folder is at
version_added: 0.1.0
description:
  - Reads the commit of a git clone, and whether a folder in it differs from that commit.
  - If a folder differs, a hash of its content becomes part of the name, so the same content always gets the same name.
  - The action plugin of the same name does the work in the controller.
options:
  path:
    description: The folder. Changes elsewhere in the clone do not count.
    type: path
    required: true
  version:
    description:
      - The version with which RV(tag) starts.
      - If empty, the version in the folder's C(pyproject.toml) is used.
    type: str
    default: ""
extends_documentation_fragment:
  - fastbreak.aws.attributes
  - fastbreak.aws.attributes.info_module
author:
  - The Fastbreak maintainers (@fastbreak-sports)
"""

EXAMPLES = r"""
- name: Name the release
  fastbreak.aws.source_tree_info:
    path: service
    version: 0.1.0
"""

RETURN = r"""
commit:
  description: The commit that is checked out, 40 characters.
  type: str
  returned: success
  sample: 1f0e3dad99908345f7439f8ffabdffc4f2b1c3a7
dirty:
  description: A hash of the folder's content, 12 hex digits, if it differs from the commit; otherwise empty.
  type: str
  returned: success
  sample: ""
tag:
  description: The version, the commit, and C(-dirty.) with RV(dirty) if the folder differs from the commit.
  type: str
  returned: success
  sample: 0.1.0-1f0e3dad99908345f7439f8ffabdffc4f2b1c3a7
"""

from ansible_collections.fastbreak.aws.plugins.module_utils._aws.module import run_module
from ansible_collections.fastbreak.aws.plugins.module_utils._common.entry import Entry
from ansible_collections.fastbreak.aws.plugins.module_utils._publish.source_tree import read_source_tree, read_version


def build_argument_spec():
    """The options."""
    return {"path": {"type": "path", "required": True}, "version": {"type": "str", "default": ""}}


def perform(params, _context):
    """The result of the task."""
    tree = read_source_tree(params["path"])
    version = params["version"] or read_version(params["path"])
    return {"changed": False, "commit": tree.commit, "dirty": tree.dirty, "tag": tree.tag(version)}


ENTRY = Entry(build_argument_spec(), perform, texts=("version",), aws=False)


def main():
    run_module(ENTRY)


if __name__ == "__main__":
    main()
