# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A worker whose ansible-playbook run is gone ends."""

from __future__ import annotations

import os

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.clock import SystemClock
from ansible_collections.fastbreak.aws.plugins.module_utils._common.controller import Controller


def test_nothing_happens_while_the_controller_is_there() -> None:
    Controller().check()


def test_a_worker_whose_controller_is_gone_is_interrupted() -> None:
    with pytest.raises(KeyboardInterrupt, match="has ended"):
        Controller(pid=os.getpid()).check()


def test_a_sleep_ends_with_the_controller() -> None:
    with pytest.raises(KeyboardInterrupt):
        SystemClock(awake=Controller(pid=os.getpid()).check).sleep(0)
