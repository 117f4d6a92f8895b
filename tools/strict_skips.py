# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A pytest plugin: on CI a test that did not run is a failure.

With `CI=true` a skip is reported as failed, unless its reason starts with `declared:`. So a missing engine or a missing
program cannot turn a whole suite green by leaving it out. Expected failures (`xfail`) are left alone.
"""

import os
from collections.abc import Generator

import pytest

DECLARED = "declared:"


def on_ci() -> bool:
    return os.environ.get("CI", "").lower() == "true"


def skip_reason(longrepr: object) -> str:
    """The reason of a skip as its author wrote it; pytest keeps it as the last item of a tuple."""
    text = str(longrepr[-1]) if isinstance(longrepr, tuple) else str(longrepr)
    return text.removeprefix("Skipped: ").strip()


def undeclared(longrepr: object) -> str | None:
    """What to say about a skip that may not pass, or None when it may."""
    reason = skip_reason(longrepr)
    if not on_ci() or reason.startswith(DECLARED):
        return None
    return (
        f"Skipped on CI: {reason!r}. A skip counts as a failure there. "
        f"Make the test able to run, or start its reason with {DECLARED!r} and say why it cannot."
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and (complaint := undeclared(report.longrepr)):
        report.outcome = "failed"
        report.longrepr = complaint
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if report.skipped and (complaint := undeclared(report.longrepr)):
        report.outcome = "failed"
        report.longrepr = complaint
    return report
