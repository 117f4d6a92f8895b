# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who deploys in an environment, and whether a run is of them. Everybody else is refused."""

from __future__ import annotations

from typing import Any

_RELEASES: dict[str, tuple[str, ...]] = {
    "manual": ("manual",),
    "github": ("github",),
    "codepipeline": ("codepipeline",),
}
# The pipeline knows images alone.
_SITE = {**_RELEASES, "codepipeline": ("manual", "github")}
_OF = {"release": _RELEASES, "site": _SITE}
_HOW = {
    "manual": "by people, without deployed_by",
    "github": "by its workflow",
    "codepipeline": "by its pipeline, when the release is pushed or promoted",
}


def deployed_by_problem(owner: Any, way: Any, environment: str, what: str = "release") -> str:
    """Why a run that deploys *what* as *way* may not, where the inventory names *owner*; empty when it may."""
    ways = _OF[what].get(owner, ()) if isinstance(owner, str) else ()
    if str(way) in ways:
        return ""
    deployed = f"There it is deployed {' or '.join(_HOW[each] for each in ways)}."
    return (
        f"fastbreak_deployed_by of {environment} is {owner}, and this run deploys as {way} (deployed_by), so nothing "
        f"was touched. {deployed if ways else 'Set it to manual, github or codepipeline.'} Whoever has to deploy by "
        "hand all the same adds -e fastbreak_deployed_by=manual."
    )
