# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with how a run of the playbooks was started, before anybody is asked anything. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .amount import amount

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_NEEDED = ("account_id", "container_port", "environment", "region", "service_name", "tags")


def run_problem(  # noqa: PLR0913 - the filter's options, all of them by name
    groups: Mapping[str, Sequence[str]],
    *,
    variables: Sequence[str],
    run_tags: Sequence[str],
    skip_tags: Sequence[str],
    forks: int,
    forks_needed: int = 0,
) -> str:
    """The first thing that is wrong, in a sentence; an empty text when nothing is.

    *groups* are the hosts of the inventory by their groups, *variables* the names of those that are defined, *run_tags*
    and *skip_tags* what the command line says; *forks_needed* hosts wait for each other.
    """
    if set(run_tags) - {"all"} or skip_tags:
        return (
            "Nothing was touched. These playbooks have no tags, and --tags or --skip-tags would skip the check of the "
            "account, or everything. Choose components with --limit, like --limit rds."
        )
    if not groups.get("all"):
        return "No inventory was given, so nothing was touched. Always pass one, like -i inventories/dev."
    missing = sorted({f"fastbreak_{name}" for name in _NEEDED} - set(variables))
    if missing or not groups.get("components"):
        lacks = f"does not set {', '.join(missing)}" if missing else "has no hosts in its group components"
        return (
            f"Nothing was touched. The inventory {lacks}. The sample inventory of the collection, inventories/dev, "
            "shows all of it."
        )
    if forks < forks_needed:
        return (
            f"Nothing was touched. The inventory has {amount(forks_needed, 'component')}, and there "
            f"{'is' if forks == 1 else 'are'} {amount(forks, 'fork')}. A component that waits for another "
            f"one keeps its fork, so there has to be one for each: run with --forks {forks_needed} or more."
        )
    return ""
