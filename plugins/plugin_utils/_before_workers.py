# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the controller does once so that each worker that it forks need not."""

from __future__ import annotations

import gc
from contextlib import suppress

from ansible.errors import AnsibleError
from ansible.plugins.loader import filter_loader, lookup_loader

from ._bytecode import kept_bytecode

#: What the roles and the guard call in their templates. Any filter of a file brings the others in it.
FILTERS = ("fastbreak.aws.stack_name", "fastbreak.aws.run_problem")
LOOKUPS = ("ansible.builtin.varnames",)

#: Of new containers, how many are there before garbage is looked for: some ten megabytes.
YOUNG_CONTAINERS = 50_000


def load_templating() -> None:
    """Load the plugins that templates call. A worker would find, compile and run their files again."""
    # A template that calls a plugin which cannot be found says so itself.
    with suppress(KeyError, AnsibleError), kept_bytecode():
        for name in FILTERS:
            filter_loader.get(name)
        for name in LOOKUPS:
            lookup_loader.get(name, class_only=True)


def collect_seldom() -> None:
    """Look for garbage after 50,000 new containers, not after 2,000: the controller keeps nearly all that it makes.

    What it drops, it drops without cycles. Looking took a fifth of the processor time of a playbook's start.
    """
    gc.set_threshold(YOUNG_CONTAINERS)


def spare_workers() -> None:
    """Leave all that is loaded out of garbage collections.

    A collection in a worker would visit what it has from the controller, and so copy every page of it.
    """
    gc.freeze()
