# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands that messages advise, whole, so that they can be copied. Whose inventory it is, the reader knows."""

from __future__ import annotations

FIND_DRIFT = "ansible-playbook -i <inventory> playbooks/drift.yml"
DEPLOY = "ansible-playbook -i <inventory> playbooks/deploy.yml -e version={version}"
PROMOTE = "ansible-playbook -i <inventory> playbooks/promote.yml -e version={version}"
PUBLISH = "ansible-playbook -i <inventory> playbooks/publish.yml"
PROVISION = "ansible-playbook -i <inventory> site.yml"
PROVISION_REGISTRY = "ansible-playbook -i <inventory> site.yml --limit ecr"
TEARDOWN = "ansible-playbook -i <inventory> playbooks/teardown.yml -e confirm=<environment>"
ROLL_BACK = "ansible-playbook -i <inventory> playbooks/rollback.yml"
ROLL_BACK_TO = "ansible-playbook -i <inventory> playbooks/rollback.yml -e version={version}"
