# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What the services' tests share."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.stacks import Stack, stack_in


@pytest.fixture
def stack(sandbox: Any, request: pytest.FixtureRequest) -> Iterator[Stack]:
    with stack_in(sandbox, request.node.name.split("[")[0].replace("_", "-")) as made:
        yield made
