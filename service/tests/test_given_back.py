# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What the page on the service has an operator do after a rollback, in a real database."""

from __future__ import annotations

import re
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from fastbreak_service.store import tables
from fastbreak_service.store.analyses import AnalysisStore
from fastbreak_service.store.segments import SegmentStore
from fastbreak_service.store.work import WorkQueue
from support.cut import cut, parts, row, taken

if TYPE_CHECKING:
    from sqlalchemy import Engine

PAGE = Path(__file__).parents[2] / "docs" / "service.md"


def commands() -> tuple[str, list[str]]:
    """The question, and the statements of the transaction."""
    _, section = PAGE.read_text(encoding="utf-8").split("### Long videos after a rollback")
    question, *others = re.findall(r"(?:^    .*\n)+", section, re.MULTILINE)
    begin, *found, commit, _ = others[0].split(";")
    assert (begin.strip(), commit.strip()) == ("BEGIN", "COMMIT")
    return question, found


@pytest.mark.parametrize("seen", [0, 1, 3])
def test_what_a_release_before_leaves_alone_is_given_back_to_it(owner: Engine, seen: int) -> None:
    queue, store = WorkQueue(owner, f"place:{uuid.uuid4()}", 30), SegmentStore(owner)
    begun = cut(owner, queue, store, 3)
    for _ in range(seen):
        assert store.saw(taken(queue), b"x", 1)
    question, statements = commands()
    with owner.begin() as connection:
        left = {one.analysis_id for one in connection.execute(sa.text(question))}
        assert begun.analysis in left
        for statement in statements:
            connection.execute(sa.text(statement))
        assert connection.execute(sa.text(question)).all() == []
    assert (queue.backlog().waiting, store.ended(begun.analysis)) == (1, [])
    assert row(owner, tables.analyses, id=begun.analysis)["segments"] is None
    again = taken(queue)
    assert (again.analysis, again.contract, again.failures, again.part) == (begun.analysis, 1, 0, None)
    assert AnalysisStore(owner).start(again.analysis, again.owner, again.attempt), "it can be begun"
    assert store.cut(again, parts(3)), "and cut"
    assert queue.done(taken(queue))
