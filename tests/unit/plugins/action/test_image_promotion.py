"""What the controller's side of a promotion adds: lines while it works, and its end with the controller."""

from __future__ import annotations

import os
import signal

import pytest
from ansible_collections.fastbreak.aws.plugins.action.image_promotion import _Progress
from ansible_collections.fastbreak.aws.plugins.module_utils._common.interruption import interruptible


class Action:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, line: str) -> None:
        self.lines.append(line)


def test_lines_are_shown_while_the_controller_is_there() -> None:
    action = Action()
    _Progress(action, os.getppid()).say("copied 1 of 2 layers")
    assert action.lines == ["copied 1 of 2 layers"]


def test_a_run_whose_controller_is_gone_stops() -> None:
    action = Action()
    with pytest.raises(KeyboardInterrupt, match="has ended"):
        _Progress(action, os.getpid()).say("copied 1 of 2 layers")
    assert action.lines == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_interrupts_once_and_the_handlers_are_put_back(number: signal.Signals) -> None:
    before = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)]
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
    assert [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)] == before
