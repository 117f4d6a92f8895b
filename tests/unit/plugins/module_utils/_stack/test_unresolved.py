# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can be said of values that are not known yet."""

from ansible_collections.fastbreak.aws.plugins.module_utils._stack.unresolved import (
    NewId,
    divided,
    joined,
    known_after,
    new_id,
    same,
)


def test_the_id_of_what_is_new_is_no_text_that_is_known():
    new, later = new_id("Nat", "network"), known_after("network")
    assert [same(new, "nat-1"), same(new, new_id("Nat", "network")), same(new, new_id("Other", "network"))] == [
        False,
        True,
        False,
    ]
    assert [same(new, later), same(later, "nat-1"), same("a", "a")] == [None, None, True]
    assert isinstance(joined(",", ["a", new]), NewId)
    assert not isinstance(joined(",", [new, later]), NewId)
    assert type(joined(",", ["a", "b"])) is str
    assert divided(",", joined(",", ["a", new])) == ["a", new]
