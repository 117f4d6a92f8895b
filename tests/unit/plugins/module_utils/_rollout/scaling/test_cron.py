# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a cron expression of Application Auto Scaling runs."""

from __future__ import annotations

from datetime import date

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.scaling.cron import read_cron


def days(inner: str, first: str = "2027-01-01", last: str = "2027-12-31") -> list[str]:
    return [str(day)[5:] for day in read_cron(inner).days(date.fromisoformat(first), date.fromisoformat(last))]


@pytest.mark.parametrize(
    ("inner", "wanted"),
    [
        ("0 8 1 1,3-5/2 ? *", ["01-01", "03-01", "05-01"]),
        ("0 8 L 1-3 ? *", ["01-31", "02-28", "03-31"]),
        # 2027-01-31 and 02-28 are Sundays, 2027-05-01 a Saturday.
        ("0 8 LW JAN-MAR ? *", ["01-29", "02-26", "03-31"]),
        ("0 8 1W 5 ? *", ["05-03"]),
        ("0 8 31W 1 ? *", ["01-29"]),
        ("0 8 31W 2 ? *", None),
        ("0 8 ? 1 MON#2 *", ["01-11"]),
        ("0 8 ? 1 6L *", ["01-29"]),
        ("0 8 ? 1 L *", ["01-02", "01-09", "01-16", "01-23", "01-30"]),
        (
            "0 8 ? 1 1/3 *",
            ["01-02", "01-03", "01-06", "01-09", "01-10"]
            + [f"01-{day}" for day in (13, 16, 17, 20)]
            + [f"01-{day}" for day in (23, 24, 27, 30, 31)],
        ),
        ("0 8 29 2 ? *", []),
        ("0 8 1 1 ? 2028", []),
    ],
)
def test_days_are_those_of_the_calendar(inner: str, wanted: list[str] | None) -> None:
    if wanted is None:
        with pytest.raises(ValueError, match="would never run"):
            read_cron(inner)
    else:
        assert days(inner) == wanted


@pytest.mark.parametrize(
    "inner",
    ["0 0 31 2 ? *", "0 0 30 FEB ? 2027-2040", "0 0 29 2 ? 2027,2029", "0 0 31 4,6,9,11 ? *", "0 0 31W FEB ? *"],
)
def test_day_that_there_never_is_is_refused(inner: str) -> None:
    with pytest.raises(ValueError, match="would never run"):
        read_cron(inner)


@pytest.mark.parametrize(
    ("inner", "said"),
    [
        ("0 22-2 * * ? *", "has 22-2 as hours, which goes backwards: write it as two, 22-23,0-2"),
        ("0 8 ? * FRI-MON *", "write it as two, FRI-7,1-MON"),
        ("0 8 1 * MON *", "wants ? as either"),
        ("\u0661 8 * * ? *", "as minutes"),
        ("0 8 * * ? 2200", "as year"),
    ],
)
def test_what_is_wrong_is_said(inner: str, said: str) -> None:
    with pytest.raises(ValueError, match=r".") as raised:
        read_cron(inner)
    assert said in str(raised.value)


def test_times_are_those_of_the_fields() -> None:
    cron = read_cron("0/20 8,20-22/2 * * ? *")
    assert (sorted(cron.minutes), sorted(cron.hours)) == ([0, 20, 40], [8, 20, 22])
    assert cron.any_year
    assert not read_cron("0 8 * * ? 2027-2030").any_year
