# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where callers have to show tokens, no release and no way back opens the service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RefusedError
from ansible_collections.fastbreak.aws.plugins.module_utils._release.image import ReleaseImage
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import ROLLBACK
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.plan.target import Target
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.preflight.identity import identity_problems

from tests.unit.plugins.module_utils._rollout.case import deploy, document, make_request, released
from tests.unit.plugins.module_utils._rollout.shifting import ShiftingWorld, by

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

CANARY = by("CANARY", bake_minutes=1, canary_percent=20.0, canary_bake_minutes=1)
ISSUER = {"FASTBREAK_OIDC_ISSUER": "https://issuer.example"}
ASKS = {"FASTBREAK_IDENTITY": "oidc", **ISSUER}


@pytest.fixture
def world() -> ShiftingWorld:
    return ShiftingWorld()


def container(**other: Any) -> dict[str, Any]:
    (service,) = document()["containerDefinitions"]
    return {**document(), "containerDefinitions": [{**service, **other}]}


def beside(**environment: str) -> dict[str, Any]:
    """A service that asks for tokens, beside a container that no request reaches."""
    written = [{"name": name, "value": value} for name, value in environment.items()]
    other = {"name": "other", "image": "other:1", "environment": written}
    return {**document(), "containerDefinitions": [*document(**ASKS)["containerDefinitions"], other]}


# The task definition, and what opens it.
DEFINITIONS: dict[str, tuple[dict[str, Any], str]] = {
    "asks": (document(**ASKS), ""),
    "asks by default": (document(**ISSUER), ""),
    "issuer from a secret": (container(secrets=[{"name": "FASTBREAK_OIDC_ISSUER", "valueFrom": "arn:x"}]), ""),
    "issuer perhaps in a file": (container(environmentFiles=[{"type": "s3", "value": "arn:aws:s3:::b/e.env"}]), ""),
    "beside another container": (beside(FASTBREAK_IDENTITY="open"), ""),
    "open": (document(FASTBREAK_IDENTITY="open"), "FASTBREAK_IDENTITY=open"),
    "open, as the service reads it": (document(FASTBREAK_IDENTITY="Open"), "FASTBREAK_IDENTITY=open"),
    "open, with an issuer": (document(FASTBREAK_IDENTITY="open", **ISSUER), "FASTBREAK_IDENTITY=open"),
    "of before there were tokens": (document(), "no FASTBREAK_OIDC_ISSUER"),
    "empty issuer": (document(FASTBREAK_IDENTITY="oidc", FASTBREAK_OIDC_ISSUER=""), "no FASTBREAK_OIDC_ISSUER"),
}


@pytest.mark.parametrize("name", DEFINITIONS)
def test_what_opens_a_task_definition(name: str) -> None:
    definition, opened = DEFINITIONS[name]
    target = Target(ReleaseImage(f"sha256:{'a' * 64}", "1.0.0"), "", definition)
    found = " ".join(identity_problems(make_request("", identity="oidc"), target))
    assert bool(found) == bool(opened)
    assert f"has {opened}, so that everybody" in found or not opened
    assert not list(identity_problems(make_request("", identity="open"), target))


@pytest.mark.parametrize("check_mode", [False, True])
@pytest.mark.parametrize("asked", [{"kind": ROLLBACK}, {"revision": "fastbreak-dev-inference:1", "document": {}}])
def test_way_to_an_open_revision_is_refused_before_anything_is_changed(
    world: ShiftingWorld, ports: Ports, asked: dict[str, Any], check_mode: bool
) -> None:
    released(world, ports, document=document(FASTBREAK_IDENTITY="open"))
    tag = f"1.0.0-{'a' * 40}"
    deploy(ports, "1.0.0", document=document(**ASKS), identity="oidc")
    world.calls.clear()
    with pytest.raises(RefusedError) as caught:
        deploy(ports, "", identity="oidc", check_mode=check_mode, **asked)
    said = caught.value.message
    assert "was refused before anything was changed" in said
    assert "has FASTBREAK_IDENTITY=open, so that everybody" in said
    # To deploy that version would change nothing, and there is no other.
    assert f"The service is at {tag} already, and asks for tokens. Only" in said
    assert "playbooks/deploy.yml" not in said
    assert "add -e ecs_rollout_identity=open to this command" in said
    assert world.calls == []
    assert deploy(ports, "", **asked).changed, "knowingly it goes"


def test_it_is_said_how_to_get_an_earlier_version_with_tokens(world: ShiftingWorld, ports: Ports) -> None:
    released(world, ports, document=document(FASTBREAK_IDENTITY="open"))
    world.push("1.1.0", "b")
    deploy(ports, "1.1.0", document=document(FASTBREAK_IDENTITY="open"))
    deploy(ports, "1.1.0", document=document(**ASKS), identity="oidc")
    opened = {"kind": ROLLBACK, "identity": "oidc"}
    with pytest.raises(RefusedError) as caught:
        deploy(ports, "", **opened)
    earlier, now = f"1.0.0-{'a' * 40}", f"1.1.0-{'b' * 40}"
    assert f"is at {now} already, and asks for tokens. For another version, deploy that anew (" in caught.value.message
    assert f"playbooks/deploy.yml -e version={earlier})." in caught.value.message
    with pytest.raises(RefusedError, match=rf"Deploy that version anew, .*playbooks/deploy.yml -e version={earlier}"):
        deploy(ports, "1.0.0", **opened)
    assert deploy(ports, "1.0.0", document=document(**ASKS), identity="oidc").changed


def test_way_back_to_a_revision_that_asks_for_tokens_goes(world: ShiftingWorld, ports: Ports) -> None:
    released(world, ports, document=document(**ASKS), identity="oidc")
    deploy(ports, "1.0.0", document=document(**ASKS, NEW="1"), identity="oidc")
    assert deploy(ports, "", kind=ROLLBACK, identity="oidc").changed


@pytest.mark.parametrize("check_mode", [False, True])
def test_what_is_under_way_is_not_given_up_for_an_open_revision(
    world: ShiftingWorld, ports: Ports, check_mode: bool
) -> None:
    released(world, ports, document=document(FASTBREAK_IDENTITY="open"), **CANARY)
    asks = {"document": document(**ASKS), "identity": "oidc", **CANARY}
    deploy(ports, "1.0.0", wait_until="each_step", **asks)
    world.calls.clear()
    with pytest.raises(RefusedError, match=r"back was refused: .* has FASTBREAK_IDENTITY=open, .* Nothing was changed"):
        deploy(ports, "", kind=ROLLBACK, check_mode=check_mode, **asks)
    assert world.calls == []
    assert deploy(ports, "", kind=ROLLBACK, **CANARY).action == "withdraw"
