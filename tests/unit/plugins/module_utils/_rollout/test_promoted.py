"""Releases where only promoted digests are let in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RefusedError
from ansible_collections.fastbreak.aws.plugins.module_utils._release.promotion import Promotion
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import ROLLBACK
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.info import report_service

from tests.unit.plugins.module_utils._rollout.case import deploy, released

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

    from tests.unit.plugins.module_utils._rollout.fakes import World


def promote(world: World, version: str, digit: str) -> str:
    """Record a promotion of an image; its tag."""
    tag = f"{version}-{digit * 40}"
    at = f"2026-01-01T00:00:{len(world.promoted):02}.000Z"
    one = Promotion("inference", f"P#{at}#0a", tag, f"sha256:{digit * 64}", digit * 40, "dev", "prod", at, "tester")
    world.promoted.append(one)
    return tag


@pytest.mark.parametrize("check_mode", [False, True])
def test_digest_that_was_not_promoted_is_refused_before_anything_is_changed(
    world: World, ports: Ports, check_mode: bool
) -> None:
    tag = world.push("1.0.0", "a")
    promote(world, "1.0.0", "b")
    with pytest.raises(RefusedError) as caught:
        deploy(ports, "1.0.0", require_promoted=True, check_mode=check_mode)
    assert f"no promotion of sha256:{'a' * 64}" in caught.value.message
    assert f"playbooks/promote.yml -e version={tag}" in caught.value.message
    assert world.calls == []


def test_promoted_digest_is_let_in_by_whatever_name(world: World, ports: Ports) -> None:
    world.push("1.0.0", "a")
    promote(world, "1.0.0", "a")
    assert deploy(ports, f"sha256:{'a' * 64}", require_promoted=True).changed
    assert not deploy(ports, "1.0.0", require_promoted=True).changed


def test_any_digest_is_let_in_where_promotion_is_not_required(world: World, ports: Ports) -> None:
    world.push("1.0.0", "a")
    assert deploy(ports, "1.0.0").changed


def test_rollback_goes_to_promoted_digests_alone(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    promote(world, "1.1.0", "b")
    deploy(ports, "1.1.0", require_promoted=True)
    world.calls.clear()
    with pytest.raises(RefusedError, match="no promotion of sha256:aaaa"):
        deploy(ports, "", kind=ROLLBACK, require_promoted=True)
    assert world.calls == []
    promote(world, "1.0.0", "a")
    assert deploy(ports, "", kind=ROLLBACK, require_promoted=True).version == f"1.0.0-{'a' * 40}"


def test_rollback_to_a_version_that_was_promoted_but_never_released_says_so(world: World, ports: Ports) -> None:
    released(world, ports)
    tag = promote(world, "1.1.0", "b")
    with pytest.raises(RefusedError) as caught:
        deploy(ports, "1.1.0", kind=ROLLBACK)
    assert f"{tag} was promoted at 2026-01-01T00:00:00.000Z but has never been released here" in caught.value.message
    assert f"playbooks/deploy.yml -e version={tag}" in caught.value.message
    with pytest.raises(RefusedError) as caught:
        deploy(ports, "1.2.0", kind=ROLLBACK)
    assert "promoted" not in caught.value.message


def test_report_names_the_promotions_the_newest_first(world: World, ports: Ports) -> None:
    older, newer = promote(world, "1.0.0", "a"), promote(world, "1.1.0", "b")
    report = report_service("fastbreak-dev", "inference", ports, history=5)
    assert [one["version"] for one in report["promotions"]] == [newer, older]
    assert len(report_service("fastbreak-dev", "inference", ports, history=1)["promotions"]) == 1
