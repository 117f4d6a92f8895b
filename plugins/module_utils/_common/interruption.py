# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Interruptions from outside, so that work ends in a way that can say what it leaves."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_BEGUN = threading.Event()
_PRESS_SECONDS = 0.2
_OVER = b"\0"


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Turn what ends a process into KeyboardInterrupt, where an ansible-core worker would end without a word.

    Within a second, whatever the main thread waits for.
    """
    _BEGUN.clear()
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    try:
        with _pressed():
            _handle(dict.fromkeys(_SIGNALS, _interrupt))
            try:
                yield
            finally:
                # The work is over: an interrupt that comes now must not keep the handlers of before from coming back.
                _handle(dict.fromkeys(_SIGNALS, _ignore))
    finally:
        _handle(before)


@contextlib.contextmanager
def heard_once() -> Iterator[None]:
    """Have signals that come after interruptible work was interrupted ignored, so that it can be said what is left.

    Who interrupts a run often does so twice, and ansible-core's own handlers end a worker without a word.
    """
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    _BEGUN.clear()

    def hear(number: int, frame: Any) -> None:
        handler = before[signal.Signals(number)]
        if _BEGUN.is_set() or handler is signal.SIG_IGN:
            return
        if callable(handler):
            handler(number, frame)
            return
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)

    _handle(dict.fromkeys(_SIGNALS, hear))
    try:
        yield
    finally:
        _handle(before)


def _handle(handlers: Mapping[signal.Signals, Any]) -> None:
    for number, handler in handlers.items():
        signal.signal(number, handler)


def interrupted() -> bool:
    """Whether a signal has interrupted the last work that was interruptible."""
    return _BEGUN.is_set()


def interrupt() -> None:
    """Interrupt the main thread from another one, as a signal from outside does."""
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)


def _interrupt(_number: int, _frame: Any) -> NoReturn:
    """Interrupt once: a second signal must not disturb the end that the first began."""
    _handle(dict.fromkeys(_SIGNALS, _ignore))
    _BEGUN.set()
    raise KeyboardInterrupt


def _ignore(_number: int, _frame: Any) -> None:
    """In place of SIG_IGN: Python complains of a signal that came just before that was set."""


@contextlib.contextmanager
def _pressed() -> Iterator[None]:
    """Have signals that arrive in it handled soon.

    Python handles a signal between two steps of the main thread. One that another thread gets, or that comes right
    before the main thread begins to wait for a lock or an answer, would not be handled before that wait is over.
    """
    arrived, tell = os.pipe()
    os.set_blocking(tell, False)
    over = threading.Event()
    thread = threading.Thread(target=_press, args=(arrived, over), daemon=True, name="press interrupts")
    thread.start()
    before = signal.set_wakeup_fd(tell, warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        over.set()
        os.write(tell, _OVER)
        thread.join()
        os.close(arrived)
        os.close(tell)


def _press(arrived: int, over: threading.Event) -> None:
    """Wake the main thread until it has handled the signal that *arrived*."""
    signals = {bytes([number]) for number in _SIGNALS}
    while (came := os.read(arrived, 1)) not in signals:
        if came == _OVER:
            return
    while not (over.wait(_PRESS_SECONDS) or _BEGUN.is_set()):
        interrupt()
