#!/usr/bin/python
# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: database_backup_info
short_description: The snapshots that a database can be restored from
version_added: 0.1.0
description:
  - Lists RDS's own snapshots of a database instance, those that people made of it, and AWS Backup's recovery points,
    whatever their names, in the order of the moments that their rows are of.
  - Says of each whether it is of the instance that has the name now, or of an earlier one, and why it cannot be
    restored.
options:
  db_instance_identifier:
    description: Name of the database instance. There need not be one of this name any more.
    type: str
    required: true
  tags:
    description: Tags that a snapshot has to bear. One without them is listed with a problem.
    type: dict
    default: {}
extends_documentation_fragment:
  - fastbreak.aws.attributes
  - fastbreak.aws.attributes.info_module
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
author:
  - The Fastbreak maintainers (@fastbreak-sports)
"""

EXAMPLES = r"""
- name: Look for the backups of the database
  fastbreak.aws.database_backup_info:
    db_instance_identifier: fastbreak-prod
    tags: {Environment: prod}
  register: found

- name: Name the newest one of the instance
  ansible.builtin.debug:
    msg: "{{ (found.backups | selectattr('problem', 'equalto', '') | rejectattr('earlier') | last).identifier }}"
"""

RETURN = r"""
backups:
  description: The snapshots, those with the oldest rows first.
  type: list
  elements: dict
  returned: success
  contains:
    identifier:
      description: Name of the snapshot.
      type: str
    kind:
      description: Who made it, V(automated) for RDS, V(manual) for people, V(awsbackup) for AWS Backup.
      type: str
    moment:
      description: When its rows are of, in ISO 8601; empty where that is not known.
      type: str
    earlier:
      description: Whether it is not of the instance that has the name now.
      type: bool
    problem:
      description: Why it cannot be restored; empty when it can.
      type: str
  sample:
    - identifier: rds:fastbreak-prod-2026-03-01-04-00
      kind: automated
      moment: "2026-03-01T04:00:00+00:00"
      earlier: false
      problem: ""
"""

from ansible_collections.fastbreak.aws.plugins.module_utils._aws.database_backups import DatabaseBackups
from ansible_collections.fastbreak.aws.plugins.module_utils._aws.module import run_module
from ansible_collections.fastbreak.aws.plugins.module_utils._common.entry import Entry


def build_argument_spec():
    """The options, without those of every AWS module."""
    return {
        "db_instance_identifier": {"type": "str", "required": True},
        "tags": {"type": "dict", "default": {}},
    }


def perform(params, context):
    """The snapshots of the instance's name."""
    found = DatabaseBackups(context.client("rds")).of(params["db_instance_identifier"], params["tags"])
    told = [
        {
            "identifier": one.identifier,
            "kind": one.kind,
            "moment": one.moment.isoformat() if one.moment else "",
            "earlier": one.earlier,
            "problem": one.problem,
        }
        for one in found
    ]
    return {"changed": False, "backups": told}


ENTRY = Entry(build_argument_spec(), perform)


def main():
    run_module(ENTRY)


if __name__ == "__main__":
    main()
