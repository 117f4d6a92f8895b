# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What changes, by what stands."""

from __future__ import annotations

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._site.plan import (
    MOST_PATHS,
    SitePlan,
    State,
    addresses,
    plan,
    problems,
)

from tests.unit.plugins.module_utils._site.fakes import manifest_of

EMPTY = State({}, (), {})


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        ([], ()),
        (["index.html"], ("/", "/index.html")),
        (["a b/é.txt", "a+b%.txt"], ("/a%20b/%C3%A9.txt", "/a%2Bb%25.txt")),
        (["sub/index.html"], ("/sub/index.html",)),
    ],
)
def test_addresses(paths: list[str], expected: tuple[str, ...]) -> None:
    assert addresses(paths) == expected


def test_the_first_version_is_sent_and_shown_whole() -> None:
    target = manifest_of({"index.html": "i", "about.html": "i", "x.txt": "t", "assets/a.js": "a"})
    planned = plan("1", target, EMPTY, 2)
    assert [file.path for file in planned.show] == ["x.txt", "about.html", "index.html"]
    assert [file.path for file in planned.send] == ["assets/a.js"]
    assert len(planned.store) == 2, "two files of one content are kept once"
    assert set(planned.verify) == set(target.files)
    assert (planned.changed, planned.recorded, planned.forget) == (True, False, ())
    assert planned.bytes_to_send == 3


def test_more_addresses_than_an_invalidation_takes_are_refused() -> None:
    target = manifest_of({"index.html": "i"})
    planned = SitePlan("1", target, recorded=False, invalidate=("/",) * (MOST_PATHS + 1))
    assert [problem.split(" ")[0] for problem in problems(planned, EMPTY)] == [str(MOST_PATHS + 1)]
