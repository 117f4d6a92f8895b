# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signals from outside, turned into an end that can say what it leaves."""

from __future__ import annotations

import signal

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.interruption import interruptible


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_interrupts_once_and_the_handlers_are_put_back(number: signal.Signals) -> None:
    before = [signal.getsignal(handled) for handled in (signal.SIGINT, signal.SIGTERM)]
    reached = []

    def interrupted_twice() -> None:
        with interruptible():
            try:
                signal.raise_signal(number)
            except KeyboardInterrupt:
                signal.raise_signal(number)
                reached.append("the end that the first signal began")
                raise

    with pytest.raises(KeyboardInterrupt):
        interrupted_twice()
    assert len(reached) == 1
    assert [signal.getsignal(handled) for handled in (signal.SIGINT, signal.SIGTERM)] == before
