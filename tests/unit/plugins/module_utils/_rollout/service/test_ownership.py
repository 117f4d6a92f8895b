# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whose a thing is, by its tags."""

from __future__ import annotations

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.ownership import Owner, owner_of

WEB = Owner("web", "c")


@pytest.mark.parametrize(
    ("tags", "owner", "owns", "excluded"),
    [
        ({}, None, False, False),
        ({"Team": "video"}, None, False, False),
        (WEB.marks, WEB, True, False),
        ({**WEB.marks, "Team": "video"}, WEB, True, False),
        ({"fastbreak:service": "web"}, Owner("web", ""), False, False),
        ({"fastbreak:cluster": "c"}, Owner("", "c"), False, False),
        ({"fastbreak:service": "", "fastbreak:cluster": ""}, None, False, False),
        ({"fastbreak:service": "api"}, Owner("api", ""), False, True),
        (Owner("api", "c").marks, Owner("api", "c"), False, True),
        (Owner("web", "d").marks, Owner("web", "d"), False, True),
    ],
)
def test_owner_is_who_both_tags_name(tags: dict[str, str], owner: Owner | None, owns: bool, excluded: bool) -> None:
    assert owner_of(tags.items()) == owner
    assert (WEB.owns(tags.items()), WEB.excluded_by(tags.items())) == (owns, excluded)


def test_owner_is_named_in_words() -> None:
    assert str(WEB) == "service web of cluster c"
    assert str(Owner("", "c")) == "service (unknown) of cluster c"
