# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Taking a first release away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError, RolledBackError
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Outcome

from tests.unit.plugins.module_utils._rollout.case import deploy, newest

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

    from tests.unit.plugins.module_utils._rollout.fakes import World


def test_first_release_that_fails_is_removed_and_can_be_tried_again(world: World, ports: Ports) -> None:
    world.push("1.0.0", "a", status=500)
    with pytest.raises(OperationError) as caught:
        deploy(ports, "1.0.0")
    assert not isinstance(caught.value, RolledBackError)
    assert "was stopped" in caught.value.message
    assert "this was the first release" in caught.value.message
    assert newest(world).outcome is Outcome.STOPPED
    assert world.service is None
    assert world.rules == {}
    assert world.scaling is None
    world.push("1.0.1", "c")
    assert deploy(ports, "1.0.1").action == "create"
