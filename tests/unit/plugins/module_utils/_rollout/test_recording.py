# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What becomes of a release whose record cannot be written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    OperationError,
    RolledBackError,
    UnavailableError,
)

from tests.unit.plugins.module_utils._rollout.case import deploy, released

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Release
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

    from tests.unit.plugins.module_utils._rollout.fakes import World


@pytest.mark.parametrize("error", [OperationError("ResourceNotFoundException"), UnavailableError("the table is away")])
@pytest.mark.parametrize(
    ("status", "said"),
    [
        (200, "is in place and every gate is HEALTHY, but it could not be recorded"),
        (500, "was rolled back.*Besides, it"),
    ],
)
def test_record_that_cannot_be_written_hides_no_outcome(
    world: World, ports: Ports, error: Exception, status: int, said: str
) -> None:
    released(world, ports)
    first = world.service.task_definition_arn
    world.push("1.1.0", "b", path_status={"/v1/analyses": status})

    def refuse(*_: object) -> None:
        raise error

    world.finish = refuse  # type: ignore[method-assign]
    with pytest.raises(OperationError, match=f"{said}.*{error}") as caught:
        deploy(ports, "1.1.0")
    assert isinstance(caught.value, RolledBackError) == (status == 500)
    assert (world.service.task_definition_arn == first) == (status == 500)


@pytest.mark.parametrize("error", [OperationError("ResourceNotFoundException"), UnavailableError("the table is away")])
@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize("seconds", [0.0, 3.0, 15.0])
def test_release_table_that_goes_away_is_said_and_the_release_is_judged_to_its_end(
    world: World, ports: Ports, error: Exception, status: int, seconds: float
) -> None:
    released(world, ports)
    first = world.service.task_definition_arn
    world.push("1.1.0", "b", path_status={"/v1/analyses": status}, ready_after=10.0)

    def refuse(*_: object, **__: object) -> None:
        raise error

    def take_away() -> None:
        for method in ("finish", "note_deployment", "write_lock", "read_lock", "drop_lock", "history"):
            setattr(world, method, refuse)

    start = world.start

    def start_and_go(release: Release) -> Release:
        begun = start(release)
        world.at.append((world.seconds + seconds, take_away))
        return begun

    world.start = start_and_go  # type: ignore[method-assign]
    with pytest.raises(OperationError, match="could not be recorded") as caught:
        deploy(ports, "1.1.0")
    assert isinstance(caught.value, RolledBackError) == (status == 500)
    assert (world.service.task_definition_arn == first) == (status == 500)
    assert [line for line in world.lines if "the lock could not be renewed" in line] or seconds > 10
