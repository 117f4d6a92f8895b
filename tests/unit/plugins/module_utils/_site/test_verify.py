# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Asking again for what is not served yet, and for nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.fastbreak.aws.plugins.module_utils._site.plan import State, plan
from ansible_collections.fastbreak.aws.plugins.module_utils._site.session import Session
from ansible_collections.fastbreak.aws.plugins.module_utils._site.verify import verify

from tests.unit.plugins.module_utils._site.fakes import World, manifest_of, request

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._site.values import SiteFile

PLANNED = plan(
    "1", manifest_of({f"{number}.txt": "x" for number in range(6)} | {"index.html": "i"}), State({}, (), {}), 2
)


def test_what_is_right_is_asked_for_once() -> None:
    asked: list[str] = []

    def serve(file: SiteFile) -> str:
        asked.append(file.path)
        return "is old" if file.path == "index.html" and asked.count("index.html") < 3 else ""

    assert verify(Session(request(), World(serves=serve).ports()), PLANNED) == ""
    assert (len(asked), asked.count("index.html")) == (9, 3)


def test_what_stays_wrong_is_told_in_part() -> None:
    world = World(serves=lambda _file: "is answered with 403")
    told = verify(Session(request(), world.ports()), PLANNED)
    assert told.startswith("/0.txt is answered with 403; /1.txt is")
    assert told.endswith("; and 2 more")
