# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A clock, and a CloudFormation without stacks."""

import pytest

from tests.unit.plugins.module_utils._common.fakes import FakeClock
from tests.unit.plugins.module_utils._stack.fakes import FakeStacks


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def stacks(clock):
    return FakeStacks(clock)
