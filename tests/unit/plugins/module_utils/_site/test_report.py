# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The task's result."""

from __future__ import annotations

from ansible_collections.fastbreak.aws.plugins.module_utils._site.plan import State, plan
from ansible_collections.fastbreak.aws.plugins.module_utils._site.report import SiteResult, result_data

from tests.unit.plugins.module_utils._site.fakes import manifest_of, request


def test_the_result_names_what_was_done() -> None:
    target = manifest_of({"index.html": "i", "assets/a.js": "a"})
    planned = plan("1", target, State({}, (), {}), 2)
    found = result_data(SiteResult(True, planned, "0", "S#2"), request(), {"before": ""})
    assert found["sent"] == ["assets/a.js", "index.html"]
    assert found["shown"] == ["index.html"]
    assert found["invalidated"] == ["/", "/index.html"]
    assert (found["changed"], found["version"], found["previous_version"], found["release_id"]) == (
        True,
        "1",
        "0",
        "S#2",
    )
    assert (found["files"], found["bytes_sent"], found["deleted"], found["diff"]) == (2, 2, [], {"before": ""})
