# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Expressions that say when a scheduled action runs."""

from __future__ import annotations

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.scaling import schedule
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.scaling.schedule import (
    has_timezone,
    normal_schedule,
    schedule_problem,
    timezone_problem,
)
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    "text",
    [
        "at(2027-03-31T22:00:00)",
        "rate(1 hour)",
        "rate(12 hours)",
        "rate(5  minutes)",
        "cron(0 9 * * ? *)",
        "cron(0/15 8-18 ? * MON-FRI *)",
        "cron( 30 18 L * ? 2027-2029 )",
        "cron(0 0 15W JAN,JUL ? *)",
        "cron(0 0 ? * 2#1 *)",
        "cron(0 0 ? * FRIL 2027)",
        "cron(*/5 * 1,15 * ? *)",
    ],
)
def test_schedule_of_aws_is_taken(text: str) -> None:
    assert schedule_problem(text) == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is neither at("),
        ("0 9 * * *", "is neither at("),
        ("cron 0 9 * * ? *", "is neither at("),
        ("CRON(0 9 * * ? *)", "is neither at("),
        ("cron(0 9 * * *)", "has 5 fields, where cron wants six"),
        ("cron(0 9 * * * *)", "wants ? as either"),
        ("cron(0 9 ? * ? *)", "wants ? as either"),
        ("cron(60 9 * * ? *)", "has '60' as minutes, which is 0 to 59"),
        ("cron(0 24 * * ? *)", "as hours"),
        ("cron(0 9 32 * ? *)", "as day of month"),
        ("cron(0 9 * 13 ? *)", "as month"),
        ("cron(0 9 * FOO ? *)", "as month"),
        ("cron(0 9 ? * 0 *)", "as day of week"),
        ("cron(0 9 ? * MON,? *)", "as day of week"),
        ("cron(0 9 * * ? 1969)", "as year"),
        ("cron(0/0 9 * * ? *)", "as minutes"),
        ("cron(? 9 * * ? *)", "as minutes"),
        ("cron(, 9 * * ? *)", "as minutes"),
        ("at(2027-02-30T00:00:00)", "names no moment that there is"),
        ("at(2027-02-03 00:00:00)", "names no moment as"),
        ("at(2027-02-03T00:00:00Z)", "names no moment as"),
        ("rate(0 minutes)", "wants a whole number above 0"),
        ("rate(1.5 hours)", "wants a whole number above 0"),
        ("rate(1 week)", "wants a whole number above 0"),
    ],
)
def test_anything_else_is_refused_with_what_is_wrong(text: str, said: str) -> None:
    assert said in schedule_problem(text)


@given(st.text(st.sampled_from("at(rate)cron 0123456789*?/,-LW#MONJAN:T\n")))
def test_any_text_is_answered(text: str) -> None:
    problem = schedule_problem(text)
    assert problem or schedule_problem(normal_schedule(text)) == ""


@pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+9"])
def test_timezone_is_known_by_its_name(name: str) -> None:
    assert timezone_problem(name, "cron(0 9 * * ? *)") == ""
    assert timezone_problem(name, "at(2027-03-31T22:00:00)") == ""


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "is no name"),
        ("CET/Berlin", "is no name"),
        ("Europe/berlin", "did you mean Europe/Berlin?"),
        ("+01:00", "is no name"),
        ("../etc/passwd", "is no name"),
    ],
)
def test_any_other_name_is_refused(name: str, said: str) -> None:
    assert said in timezone_problem(name, "cron(0 9 * * ? *)")


def test_machine_that_knows_no_timezones_checks_the_form(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "_timezones", frozenset)
    assert timezone_problem("Europe/Berlin", "cron(0 9 * * ? *)") == ""
    assert "is no name" in timezone_problem("+01:00", "cron(0 9 * * ? *)")


def test_rate_has_no_timezone() -> None:
    assert not has_timezone("rate(1 day)")
    assert timezone_problem("UTC", "rate(1 day)") == ""
    assert "no meaning for a rate" in timezone_problem("Europe/Berlin", "rate(1 day)")
