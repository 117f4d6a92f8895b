# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run counts only when it did what is measured."""

import sys

import pytest

from benchmarks.errors import BenchmarkError
from benchmarks.provision.timed import Contender, run


def saying(text: str, code: int = 0) -> Contender:
    program = f"import sys; sum(range(10**6)); print({text!r}); sys.exit({code})"
    return Contender("it", [[sys.executable, "-c", program]], "0 changed")


def test_the_processor_time_of_what_was_started_is_counted() -> None:
    assert run(saying("0 changed"), {}).processor > 0


@pytest.mark.parametrize(
    ("contender", "said"), [(saying("1 changed"), "did not say"), (saying("0 changed", 3), "failed")]
)
def test_what_changed_something_or_failed_is_no_figure(contender: Contender, said: str) -> None:
    with pytest.raises(BenchmarkError, match=said):
        run(contender, {})
