# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Scaling to try: some of it by hand, some generated."""

from __future__ import annotations

from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.scaling.model import labelled
from hypothesis import strategies as st

from tests.unit.plugins.module_utils._rollout.case import scaling

DAY = {"name": "day", "schedule": "cron(0 7 ? * MON-FRI *)", "minimum": 4, "maximum": 10}
NIGHT = {"name": "night", "schedule": "cron(0 20 * * ? *)", "minimum": 2, "maximum": 4}
LABEL = "app/alb/1/targetgroup/blue/2"

some_bounds = st.integers(1, 4).flatmap(lambda low: st.tuples(st.just(low), st.integers(low, 6)))
some_actions = st.lists(
    st.builds(
        lambda name, bounds: {"name": name, "schedule": "rate(1 day)", "minimum": bounds[0], "maximum": bounds[1]},
        st.sampled_from("abc"),
        some_bounds,
    ),
    unique_by=lambda action: action["name"],
    max_size=3,
)
some_scaling = st.builds(
    lambda bounds, actions, percent, requests: labelled(
        scaling(*bounds, scheduled_actions=actions, cpu_percent=percent, requests_per_target=requests), LABEL
    ),
    some_bounds,
    some_actions,
    st.sampled_from([0.0, 50.0, 60.0]),
    st.sampled_from([0.0, 100.0]),
)
