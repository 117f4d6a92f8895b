# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters that show the release history."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.fastbreak.aws.plugins.filter.releases import FilterModule

FILTERS = FilterModule().filters()
INFO = {"releases": [{"version": "1.0.0", "outcome": "SUCCEEDED"}], "running": {}, "lock": {}}


def test_a_history_is_shown_as_lines_and_as_a_page() -> None:
    assert "1.0.0" in FILTERS["release_table"](INFO)[1]
    shown = FILTERS["release_page"](INFO, "<prod>", "now")
    assert "1.0.0" in shown
    assert "&lt;prod&gt;" in shown


@pytest.mark.parametrize("info", [None, "", [], {}, {"releases": None}, {"releases": "x"}, 7])
def test_what_is_no_history_is_refused(info: Any) -> None:
    for show in (FILTERS["release_table"], lambda given: FILTERS["release_page"](given, "a", "b")):
        with pytest.raises(AnsibleFilterError, match="which is no result of"):
            show(info)
