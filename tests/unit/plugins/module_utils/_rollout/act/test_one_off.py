# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks that run once; what they do is seen in the tests of the migration and of a service's task."""

from __future__ import annotations

import re

from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.act.migration import KIND
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.act.one_off import started_by
from hypothesis import given
from hypothesis import strategies as st


@given(st.text("abcdefghij-_0123456789", min_size=1, max_size=255), st.text("ab", min_size=255, max_size=255))
def test_mark_fits_and_tells_services_apart(service: str, other: str) -> None:
    assert len(started_by(KIND, service)) <= 128
    assert re.fullmatch(r"[\w/-]+", started_by(KIND, service))
    assert (started_by(KIND, service) == started_by(KIND, other)) == (service == other)
