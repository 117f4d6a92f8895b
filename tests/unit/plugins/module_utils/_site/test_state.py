# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands, read; and what is no list of files."""

from __future__ import annotations

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError
from ansible_collections.fastbreak.aws.plugins.module_utils._site.session import Session
from ansible_collections.fastbreak.aws.plugins.module_utils._site.state import read_state
from ansible_collections.fastbreak.aws.plugins.module_utils._site.values import SiteRelease, manifest_key

from tests.unit.plugins.module_utils._site.fakes import SITE, World, manifest_of, request

MADE = manifest_of({"index.html": "i"})
ROW = SiteRelease(SITE, "S#1", "1", MADE.digest, "publish", "then", "me")


def test_lists_are_read_once_and_those_that_are_gone_are_left_out() -> None:
    gone = SiteRelease(SITE, "S#0", "0", "f" * 64, "publish", "then", "me")
    world = World(rows=[gone, ROW, ROW])
    world.put_text(manifest_key(MADE.digest), MADE.text)
    assert read_state(Session(request(), world.ports())).manifests == {MADE.digest: MADE}


@pytest.mark.parametrize("text", ["{", manifest_of({"index.html": "other"}).text])
def test_a_list_that_is_none_or_another_ends_the_run(text: str) -> None:
    world = World(rows=[ROW])
    world.put_text(manifest_key(MADE.digest), text)
    with pytest.raises(OperationError, match=r"cannot be read: \.site/manifests/"):
        read_state(Session(request(), world.ports()))
