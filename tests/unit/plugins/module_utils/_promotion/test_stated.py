# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Statements such as an SBOM: attached once, signed as the image is, carried along, and judged by the gate."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.verdict import Verdict
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    OperationError,
    RefusedError,
    UnavailableError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.adapters.identity_signer import IdentitySigner
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.model import ConfiguredGate
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.signature.gate import Signature
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.signature.materials import SignaturePolicy
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.predicate_options import Predicate
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.report import as_data
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.sign_options import SigningOptions
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.values import ImageRequest
from ansible_collections.fastbreak.aws.plugins.module_utils._release.promotion import GateMode

from tests.registries.sigstore import ISSUER, SigstoreInstance, token
from tests.unit.plugins.module_utils._oci import samples
from tests.unit.plugins.module_utils._promotion.adapters.keys import SlowSigner, policy_of, signer
from tests.unit.plugins.module_utils._promotion.case import BUNDLE, DESTINATION, SOURCE, TAG, request, run, sample
from tests.unit.plugins.module_utils._promotion.fakes import World

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.request import PromotionRequest

SIGNER, OTHER = signer(), signer(1)
WORKFLOW = "https://ci.example/acme/release.yml@refs/heads/dev"
SLSA, SBOM = "https://slsa.dev/provenance/v1", "https://cyclonedx.org/bom"
BOTH_KINDS = pytest.mark.parametrize("api", [True, False], ids=["referrers", "tags"])
BOTH_SIGNERS = pytest.mark.parametrize("by", [None, SIGNER], ids=["unsigned", "signed"])


def asked(**options: Any) -> PromotionRequest:
    predicates = tuple(Predicate(each, (f"about {each}",)) for each in (SBOM, SLSA))
    return request(predicates=predicates, **options)


def gate(predicate_type: str, number: int = 0) -> tuple[ConfiguredGate, ...]:
    policy = policy_of(signer(number))
    return (
        ConfiguredGate(
            Signature(),
            GateMode.REQUIRED,
            type(policy)(public_key=policy.public_key, predicate_type=predicate_type),
        ),
    )


def onward(world: World, *, api: bool) -> World:
    after = World(source_api=api, destination_api=api)
    # Beside the Sigstore instance of a test.
    after.source.is_local = after.destination.is_local = True
    after.source.repositories[SOURCE] = world.destination[DESTINATION]
    return after


def stated(world: World) -> list[str]:
    """The types of what is attached at the destination, as annotations tell them."""
    names = ("dev.sigstore.bundle.predicateType", "in-toto.io/predicate-type")
    documents = [json.loads(raw.content) for raw in world.destination[DESTINATION].manifests.values()]
    found = [document.get("annotations", {}).get(name) for document in documents for name in names]
    return sorted(each for each in found if each in (SLSA, SBOM))


@BOTH_KINDS
@BOTH_SIGNERS
def test_each_is_attached_once_before_the_tag_and_foretold(api: bool, by: Any) -> None:
    world = World(destination_api=api)
    sample(world)
    predicted = as_data(run(world, asked(), check_mode=True, signer=by))
    assert predicted["images"][0]["predicates"] == [SBOM, SLSA]
    assert f"  write statement {SLSA}\n" in predicted["diff"]["after"]
    assert world.made == []
    done = as_data(run(world, asked(), signer=by))["images"][0]
    assert sorted(done["predicates"]) == sorted(world.made) == stated(world) == [SBOM, SLSA]
    again = run(world, asked(), signer=by)
    assert not again.changed
    assert len(world.made) == 2
    # What is promoted without asking for statements has them all the same.
    after = onward(world, api=api)
    run(after)
    assert stated(after) == [SBOM, SLSA]
    assert not run(after, asked(), signer=by).images[0].predicates


@BOTH_KINDS
def test_the_gate_of_the_next_stage_takes_the_signers_and_no_other(api: bool) -> None:
    world = World(destination_api=api)
    sample(world)
    run(world, asked(), signer=SIGNER)
    passed = run(onward(world, api=api), request(gates=gate(SLSA)))
    assert passed.plan.images[0].gates[0].verdict is Verdict.HEALTHY
    with pytest.raises(RefusedError, match="it is not signed by the given key"):
        run(onward(world, api=api), request(gates=gate(SLSA, 1)))
    with pytest.raises(RefusedError, match="none of"):
        run(onward(world, api=api), request(gates=gate("https://example.com/other")))


def test_a_workflow_states_by_its_identity_and_is_believed_for_that_alone() -> None:
    with SigstoreInstance() as instance:
        options = {"signing_config": instance.signing_config, "trusted_root": instance.trusted_root}
        by = IdentitySigner(SigningOptions(identity=WORKFLOW, issuer=ISSUER, token=token(WORKFLOW), **options))
        world = World(destination_api=True)
        sample(world)
        run(world, asked(), signer=by)
        assert not run(world, asked(), signer=by).changed
        trusted = {"issuer": ISSUER, "trusted_root": instance.trusted_root, "predicate_type": SLSA}
        mine = SignaturePolicy(identity=WORKFLOW, **trusted)
        passed = run(onward(world, api=True), request(gates=(ConfiguredGate(Signature(), GateMode.REQUIRED, mine),)))
        assert passed.plan.images[0].gates[0].verdict is Verdict.HEALTHY
        other = SignaturePolicy(identity=f"{WORKFLOW}-of-a-fork", **trusted)
        with pytest.raises(RefusedError, match="none of"):
            run(onward(world, api=True), request(gates=(ConfiguredGate(Signature(), GateMode.REQUIRED, other),)))


def test_what_nobody_signed_passes_no_gate_and_is_stated_again_by_who_signs() -> None:
    world = World(destination_api=True)
    sample(world)
    run(world, asked())
    with pytest.raises(RefusedError, match="none of"):
        run(onward(world, api=True), request(gates=gate(SLSA)))
    assert run(world, asked(), signer=SIGNER).images[0].predicates
    assert run(world, asked(), signer=OTHER).images[0].predicates
    assert len(stated(world)) == 6
    for by in (None, SIGNER, OTHER):
        assert not run(world, asked(), signer=by).changed


def test_a_foreign_or_damaged_one_does_not_stand_for_ours() -> None:
    world = World(destination_api=True)
    made = sample(world)
    run(world)
    shelf = world.destination[DESTINATION]
    samples.referrer(shelf, made.root, "somebody's", BUNDLE)
    assert sorted(run(world, asked(), signer=SIGNER).images[0].predicates) == [SBOM, SLSA]


def test_what_somebody_signed_is_not_stated_again_by_who_signs_nothing() -> None:
    world = World(destination_api=True)
    sample(world)
    run(world, asked(), signer=SIGNER)
    assert not run(world, asked()).changed


def test_one_whose_content_is_gone_is_made_again() -> None:
    world = World(destination_api=True)
    sample(world)
    run(world, asked())
    shelf = world.destination[DESTINATION]
    lost = [json.loads(raw.content) for raw in shelf.manifests.values()]
    layers = [each["layers"][0] for each in lost if each.get("artifactType", "").endswith("in-toto+json")]
    (statement,) = [each for each in layers if each["annotations"].get("in-toto.io/predicate-type") == SLSA]
    del shelf.blobs[statement["digest"]]
    assert list(run(world, asked()).images[0].predicates) == [SLSA]
    assert not run(world, asked()).changed


@BOTH_KINDS
def test_a_run_that_ends_anywhere_is_gone_on_with(api: bool) -> None:
    for number in range(120):
        world = World(destination_api=api)
        sample(world)
        world.destination.fail_at = number
        try:
            run(world, asked(), signer=SIGNER)
        except UnavailableError:
            assert TAG not in world.destination[DESTINATION].tags or stated(world) == [SBOM, SLSA]
        else:
            break
        world.destination.fail_at = -1
        run(world, asked(), signer=SIGNER)
        assert stated(world) == [SBOM, SLSA], number
        assert not run(world, asked(), signer=SIGNER).changed
    else:
        pytest.fail("it never came to its end")


def test_one_that_the_gate_would_not_take_is_thrown_away() -> None:
    world = World(destination_api=True)
    sample(world)
    strange = signer()
    strange.signed_by = OTHER.signed_by
    with pytest.raises(OperationError, match="is not by whom sign names"):
        run(world, asked(), signer=strange)
    assert stated(world) == []
    assert TAG not in world.destination[DESTINATION].tags


@BOTH_KINDS
@BOTH_SIGNERS
def test_what_another_run_stated_while_it_was_made_is_not_stated_twice(
    api: bool, by: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(destination_api=api)
    sample(world)
    make, others = world.make, ["another run"]
    one = request(predicates=(Predicate(SBOM, ("about it",)),))

    def slowly(predicate: Predicate, config_digest: str) -> dict[str, Any]:
        if others:
            others.clear()
            run(world, one, signer=by)
        return make(predicate, config_digest)

    monkeypatch.setattr(world, "make", slowly)
    first = run(world, one, signer=by)
    assert (world.made, stated(world)) == ([SBOM, SBOM], [SBOM])
    assert first.images[0].predicates == ()
    assert not run(world, one, signer=by).changed


@BOTH_KINDS
def test_what_another_run_stated_while_it_was_signed_is_not_stated_twice(api: bool) -> None:
    world = World(destination_api=api)
    sample(world)
    one = request(predicates=(Predicate(SBOM, ("about it",)),))
    slow = SlowSigner(SIGNER, lambda: run(world, one, signer=SIGNER), SBOM.encode())
    first = run(world, one, signer=slow)
    assert (world.made, stated(world)) == ([SBOM, SBOM], [SBOM])
    assert first.images[0].predicates == ()
    assert not run(world, one, signer=SIGNER).changed


def test_two_cannot_be_listed_where_the_index_may_not_move() -> None:
    world = World(destination_api=False)
    made = samples.image(world.source[SOURCE], "base", tag=TAG)
    world.make_ecr()
    with pytest.raises(RefusedError, match="what is made cannot be listed"):
        run(world, asked(attest=False))
    assert world.destination.writes == 0
    world.make_ecr("sha256-*")
    run(world, asked(attest=False))
    assert made.digest in world.destination[DESTINATION].manifests


def test_tags_of_one_image_share_what_is_stated() -> None:
    world = World(destination_api=True)
    sample(world)
    both = request(*(ImageRequest(SOURCE, DESTINATION, TAG, "", tag) for tag in ("a", "b")))
    wanted = type(both)(both.images, service="app", predicates=asked().predicates)
    run(world, wanted, signer=SIGNER)
    assert stated(world) == [SBOM, SLSA]
