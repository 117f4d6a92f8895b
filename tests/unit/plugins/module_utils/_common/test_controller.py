# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A worker whose ansible-playbook run is gone ends."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.clock import SystemClock
from ansible_collections.fastbreak.aws.plugins.module_utils._common.controller import Controller
from ansible_collections.fastbreak.aws.plugins.module_utils._common.interruption import interruptible

from tools.files import ROOT


def test_nothing_happens_while_the_controller_is_there() -> None:
    Controller().check()


def test_a_worker_whose_controller_is_gone_is_interrupted() -> None:
    with pytest.raises(KeyboardInterrupt, match="has ended"):
        Controller(pid=os.getpid()).check()


def test_a_sleep_ends_with_the_controller() -> None:
    with pytest.raises(KeyboardInterrupt):
        SystemClock(awake=Controller(pid=os.getpid()).check).sleep(0)


def test_whatever_is_waited_for_ends_with_the_controller() -> None:
    never = threading.Event()
    with pytest.raises(KeyboardInterrupt), interruptible(), Controller(pid=os.getpid()).watched():
        never.wait(600)


def test_work_that_ends_by_itself_is_not_interrupted() -> None:
    controller = Controller()
    with interruptible(), controller.watched():
        time.sleep(0)
    assert not any(thread.name == "watch of the controller" and not thread.daemon for thread in threading.enumerate())


def test_end_that_has_begun_is_not_disturbed() -> None:
    controller = Controller(pid=os.getpid())
    with pytest.raises(KeyboardInterrupt, match="has ended"):
        controller.check()
    with interruptible(), controller.watched():
        time.sleep(0.2)


@pytest.mark.process
def test_work_that_does_not_end_is_ended() -> None:
    code = (
        "import os, time; from ansible_collections.fastbreak.aws.plugins.module_utils._common import controller; "
        "controller._LAST_SECONDS = 0.1; watched = controller.Controller(pid=os.getpid()).watched()\n"
        "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "with watched: time.sleep(600)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / ".ansible/collections")}
    assert subprocess.run([sys.executable, "-c", code], env=environment, check=False, timeout=120).returncode == 1
