# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module as a program of its own: where an action plugin does not take its work over."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from ansible.module_utils.basic import AnsibleModule, _load_params

from .._common.clock import SystemClock
from .._common.entry import Context, answer
from .._common.progress import Silence
from .connection import Connection

if TYPE_CHECKING:
    from .._common.entry import Entry


def run_module(entry: Entry) -> None:
    """Do the module's work and end the process with its result."""
    # The collection's linter gives nothing at all.
    given = _load_params() or {}
    if refused := answer(lambda: _refused(entry, given)):
        # Ansible's validation of such options would end in a traceback, and so there is no module yet to fail by.
        sys.stdout.write(f"{json.dumps(refused)}\n")
        raise SystemExit(1)
    module = _kind(entry)(argument_spec=dict(entry.argument_spec), supports_check_mode=True, **entry.cross_checks)
    module.no_log_values.update(entry.secrets(module.params))
    context = Context(Connection(module.params), SystemClock(), Silence(), module.check_mode)
    result = answer(lambda: entry.perform(module.params, context))
    if result.pop("failed", False):
        module.fail_json(**result)
    module.exit_json(**result)


def _refused(entry: Entry, given: dict[str, Any]) -> dict[str, Any]:
    """Nothing, unless this raises RequestError."""
    entry.refuse(given)
    return {}


def _kind(entry: Entry) -> Any:
    """What builds the module: amazon.aws's, with the options of every AWS module, where it talks to AWS."""
    if not entry.aws:
        return AnsibleModule
    # It loads boto3, which takes a fifth of a second, and which other modules do without.
    from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule  # noqa: PLC0415

    return AnsibleAWSModule
