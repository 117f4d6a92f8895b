# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signing what was promoted: once, after it was read back, before its tag, and found by the gate of the next stage."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.verdict import Verdict
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    OperationError,
    RefusedError,
    RequestError,
    UnavailableError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.media_types import OCI_MANIFEST
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.referrers import fallback_tag
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.model import ConfiguredGate
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.signature.gate import Signature
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.report import as_data
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.signed import (
    REFERRERS_LIMIT,
    FoundSignature,
    SignedImages,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.values import AttachmentsMode, ImageRequest
from ansible_collections.fastbreak.aws.plugins.module_utils._release.promotion import GateMode

from tests.unit.plugins.module_utils._oci import samples
from tests.unit.plugins.module_utils._promotion.adapters.keys import (
    SlowSigner,
    openssl,
    policy_of,
    private_key,
    signer,
)
from tests.unit.plugins.module_utils._promotion.case import (
    BUNDLE,
    DESTINATION,
    SOURCE,
    TAG,
    listed,
    request,
    run,
    sample,
)
from tests.unit.plugins.module_utils._promotion.fakes import World

if TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.fastbreak.aws.plugins.module_utils._oci.model import RawManifest
    from ansible_collections.fastbreak.aws.plugins.module_utils._oci.names import Address

SIGNER, OTHER = signer(), signer(1)
BOTH_KINDS = pytest.mark.parametrize("api", [True, False], ids=["referrers", "tags"])


def gate(number: int = 0) -> tuple[ConfiguredGate, ...]:
    return (ConfiguredGate(Signature(), GateMode.REQUIRED, policy_of(signer(number))),)


def onward(world: World, api: bool) -> World:
    """The stage behind: what was the destination is the source."""
    after = World(source_api=api, destination_api=api)
    after.source.repositories[SOURCE] = world.destination[DESTINATION]
    return after


def signatures(world: World, subject: RawManifest) -> list[str]:
    """The bundles of signatures that the destination lists for *subject*."""
    shelf = world.destination[DESTINATION]
    digests = listed(shelf, subject) if not world.destination.referrers_api else list(shelf.manifests)
    documents = [json.loads(shelf.manifests[each].content) for each in digests]
    return [
        each["layers"][0]["digest"]
        for each in documents
        if each.get("annotations", {}).get("dev.sigstore.bundle.predicateType")
        and each["subject"]["digest"] == subject.digest
    ]


@BOTH_KINDS
def test_what_is_signed_passes_the_gate_of_the_next_stage_and_nothing_else_does(api: bool) -> None:
    world = World(destination_api=api)
    made = sample(world)
    (image,) = as_data(run(world, signer=SIGNER))["images"]
    assert image["signed"]
    assert image["signature"] in world.destination[DESTINATION].manifests
    assert world.lines[0].signature == image["signature"]
    assert len(signatures(world, made.root)) == 1
    passed = run(onward(world, api), request(gates=gate()))
    assert passed.plan.images[0].gates[0].verdict is Verdict.HEALTHY
    with pytest.raises(RefusedError, match="it is not signed by the given key"):
        run(onward(world, api), request(gates=gate(1)))


@BOTH_KINDS
def test_a_second_run_signs_nothing_and_another_signer_signs_once_more(api: bool) -> None:
    world = World(destination_api=api)
    made = sample(world)
    predicted = run(world, check_mode=True, signer=SIGNER)
    assert as_data(predicted)["images"][0]["signed"]
    assert f"  sign {made.root.digest}\n" in as_data(predicted)["diff"]["after"]
    first = run(world, signer=SIGNER)
    before = world.destination.writes
    again = run(world, signer=SIGNER)
    assert not again.changed
    assert (again.images[0].signature, again.images[0].signed) == (first.images[0].signature, False)
    assert world.destination.writes == before
    assert run(world, signer=OTHER).images[0].signed
    assert len(signatures(world, made.root)) == 2
    assert not run(world, signer=SIGNER).changed
    assert not run(world, signer=OTHER).changed


@BOTH_KINDS
def test_what_another_run_signed_while_it_was_signed_is_not_signed_twice(api: bool) -> None:
    world = World(destination_api=api)
    made = sample(world)
    others: list[str] = []
    first = run(world, signer=SlowSigner(SIGNER, lambda: others.append(run(world, signer=SIGNER).images[0].signature)))
    assert len(signatures(world, made.root)) == 1
    assert (first.images[0].signed, [first.images[0].signature]) == (False, others)
    assert not run(world, signer=SIGNER).changed


@BOTH_KINDS
def test_of_two_signatures_of_the_same_moment_either_is_taken(api: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(destination_api=api)
    made = sample(world)
    look = SignedImages.at_destination
    blind = SlowSigner(SIGNER, lambda: run(world, signer=SIGNER))

    def looks(self: SignedImages, *what: Any) -> FoundSignature:
        return FoundSignature() if self.signer is blind else look(self, *what)

    with monkeypatch.context() as patched:
        patched.setattr(SignedImages, "at_destination", looks)
        assert run(world, signer=blind).images[0].signed
    assert len(signatures(world, made.root)) == 2
    assert not run(world, signer=SIGNER).changed
    passed = run(onward(world, api), request(gates=gate()))
    assert passed.plan.images[0].gates[0].verdict is Verdict.HEALTHY


def test_what_was_promoted_without_is_signed_judged_and_recorded_when_it_is_asked_for() -> None:
    world = World(destination_api=True)
    sample(world)
    run(world)
    result = run(world, request(gates=(replace(gate()[0], mode=GateMode.WARN),)), signer=SIGNER)
    assert result.plan.images[0].gates[0].verdict is Verdict.UNHEALTHY
    assert [bool(line.signature) for line in world.lines] == [False, True]
    assert not run(world, signer=SIGNER).changed


@BOTH_KINDS
def test_a_signature_by_the_same_that_comes_along_is_enough(api: bool) -> None:
    world = World(destination_api=api)
    made = sample(world)
    first = run(world, signer=SIGNER).images[0]
    after = onward(world, api)
    second = run(after, signer=SIGNER).images[0]
    assert (second.signed, second.signature) == (False, first.signature)
    assert after.lines[0].signature == first.signature
    assert len(signatures(after, made.root)) == 1
    assert not run(after, signer=SIGNER).changed


@BOTH_KINDS
def test_each_signature_has_its_line_which_check_mode_announces(api: bool) -> None:
    world = World(destination_api=api)
    sample(world)
    made = []
    for each in (SIGNER, OTHER, signer(2)):
        predicted = as_data(run(world, check_mode=True, signer=each))
        assert (predicted["changed"], predicted["images"][0]["signed"]) == (True, True)
        assert "  write line in the release table\n" in predicted["diff"]["after"]
        made.append(run(world, signer=each).images[0].signature)
        assert [line.signature for line in world.lines] == made
        assert not run(world, check_mode=True, signer=each).changed
    for each in (SIGNER, OTHER, signer(2)) * 2:
        assert not run(world, signer=each).changed
    assert not run(world).changed
    assert [line.signature for line in world.lines] == made


def test_a_signature_whose_line_was_not_written_is_recorded_by_the_next_run() -> None:
    world = World(destination_api=True)
    sample(world)
    run(world, signer=SIGNER)
    world.fail_record = True
    with pytest.raises(UnavailableError, match="DynamoDB"):
        run(world, signer=OTHER)
    world.fail_record = False
    result = run(world, signer=OTHER)
    assert (result.changed, result.images[0].signed) == (True, False)
    assert [line.signature for line in world.lines][1:] == [result.images[0].signature]
    assert not run(world, signer=OTHER).changed


def test_the_same_image_in_two_places_has_two_signatures_and_two_lines() -> None:
    world = World(destination_api=True)
    made = sample(world)
    images = [ImageRequest(SOURCE, where, "", made.root.digest, "") for where in (DESTINATION, "prod/other")]
    asked = request(*images)
    run(world, asked)
    signatures = [outcome.signature for outcome in run(world, asked, signer=SIGNER).images]
    assert len(set(signatures)) == 2
    assert [line.signature for line in world.lines] == ["", *signatures]
    assert not run(world, asked, signer=SIGNER).changed


@pytest.mark.parametrize("check_mode", [True, False])
def test_an_image_that_may_be_signed_already_is_signed_with_a_warning(check_mode: bool) -> None:
    world = World(destination_api=True)
    made = sample(world)
    run(world)
    for number in range(REFERRERS_LIMIT + 5):
        samples.referrer(world.destination[DESTINATION], made.root, str(number), BUNDLE)
    (image,) = as_data(run(world, check_mode=check_mode, signer=SIGNER))["images"]
    assert image["signed"]
    (warning,) = image["warnings"]
    assert "more that may be signatures were not looked at. Look who attaches that" in warning
    if not check_mode:
        (again,) = as_data(run(world, signer=SIGNER))["images"]
        assert (again["changed"], again["signature"], again["warnings"]) == (False, image["signature"], [])


def test_a_signature_that_may_stay_behind_is_not_counted_on() -> None:
    world = World(destination_api=True)
    sample(world)
    first = run(world, signer=SIGNER).images[0]
    after = onward(world, api=True)
    after.destination.refuses = lambda reference, _manifest: "unsupported" if reference == first.signature else ""
    asked = request(attachments=AttachmentsMode.WARN)
    # The very same signature is made again, so that the destination refuses that, too: no tag without a signature.
    with pytest.raises(OperationError, match="No tag was written"):
        run(after, asked, signer=SIGNER)
    assert run(onward(world, api=True), replace(asked, attachments=AttachmentsMode.OFF), signer=SIGNER).images[0].signed


@BOTH_KINDS
def test_a_run_that_ends_anywhere_leaves_no_tag_without_a_signature_and_is_gone_on_with(api: bool) -> None:
    for number in range(100):
        world = World(destination_api=api)
        made = sample(world)
        world.destination.fail_at = number
        try:
            run(world, signer=SIGNER)
        except UnavailableError:
            tagged = TAG in world.destination[DESTINATION].tags
            assert not tagged or len(signatures(world, made.root)) == 1
        else:
            break
        world.destination.fail_at = -1
        run(world, signer=SIGNER)
        assert len(signatures(world, made.root)) == 1, number
        assert [bool(line.signature) for line in world.lines] == [True], number
        assert not run(world, signer=SIGNER).changed
    else:
        pytest.fail("it never came to its end")


def test_images_with_one_digest_share_a_signature() -> None:
    world = World(destination_api=True)
    made = sample(world)
    images = [ImageRequest(SOURCE, DESTINATION, TAG, "", tag) for tag in ("a", "b")]
    result = run(world, request(*images), signer=SIGNER)
    assert len(signatures(world, made.root)) == 1
    assert {outcome.signature for outcome in result.images} == {line.signature for line in world.lines}
    assert len({outcome.signature for outcome in result.images}) == 1
    assert not run(world, request(*images), signer=SIGNER).changed


def test_what_is_gone_when_it_is_to_be_signed_is_not_signed() -> None:
    world = World(destination_api=True)
    made = sample(world)
    resolve = world.destination.resolve

    def gone(address: Address) -> RawManifest | None:
        there = ("PUT", DESTINATION, made.root.digest) in world.destination.calls
        asked = world.destination.calls[-1][0] == "GET" and address.reference == made.root.digest
        # It is looked for, and read back once after it was written; then somebody deletes it.
        return None if there and asked and world.destination.calls.count(READ) > 2 else resolve(address)

    READ = ("GET", DESTINATION, made.root.digest)  # noqa: N806 - a constant of the test
    world.destination.resolve = gone  # type: ignore[method-assign]
    with pytest.raises(OperationError, match=r"it is not there as it was written\. It was not signed"):
        run(world, signer=SIGNER)
    assert signatures(world, made.root) == []


def test_a_signature_that_the_gate_would_not_take_is_thrown_away() -> None:
    world = World(destination_api=True)
    made = sample(world)
    strange = signer()
    strange.signed_by = OTHER.signed_by
    with pytest.raises(OperationError, match="is not by whom sign names: it is not signed by the given key"):
        run(world, signer=strange)
    assert signatures(world, made.root) == []
    assert TAG not in world.destination[DESTINATION].tags


@pytest.mark.parametrize("check_mode", [True, False])
def test_who_cannot_sign_is_refused_before_anything_is_written_unless_all_is_signed(check_mode: bool) -> None:
    class Expired:
        signed_by = SIGNER.signed_by

        def check(self) -> None:
            raise RequestError("The token has expired.")

        def sign(self, _statement: bytes) -> bytes:
            raise AssertionError

        def foretell(self, _statement: bytes) -> bytes:
            return b""

    world = World(destination_api=True)
    sample(world)
    with pytest.raises(RequestError, match="expired"):
        run(world, check_mode=check_mode, signer=Expired())
    assert world.destination.writes == 0
    run(world, signer=SIGNER)
    assert not run(world, check_mode=check_mode, signer=Expired()).changed


@pytest.mark.parametrize("number", [0, 1])
def test_a_signature_by_an_older_cosign_with_the_same_key_is_enough(number: int, tmp_path: Path) -> None:
    """It lies under a tag of cosign's, as a document and its signature."""
    world = World(destination_api=True)
    made = sample(world)
    shelf = world.destination[DESTINATION]
    critical = {"image": {"docker-manifest-digest": made.root.digest}, "type": "cosign container image signature"}
    payload = json.dumps({"critical": critical}).encode()
    (tmp_path / "key").write_text(private_key(number=number))
    signature = base64.b64encode(openssl("dgst", "-sha256", "-sign", str(tmp_path / "key"), given=payload)).decode()
    layer = samples.blob(shelf, payload, "application/vnd.dev.cosign.simplesigning.v1+json")
    layer["annotations"] = {"dev.cosignproject.cosign/signature": signature}
    # What the source has under that tag would have to be merged with it.
    asked = request(attachments=AttachmentsMode.OFF)
    document = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "layers": [layer]}
    document["config"] = samples.blob(shelf, b"{}", samples.CONFIG)
    held = samples.put(shelf, samples.raw(document), f"{fallback_tag(made.root.digest)}.sig")
    outcome = run(world, asked, signer=SIGNER).images[0]
    assert outcome.signed is (number == 1)
    assert (outcome.signature == held.digest) is (number == 0)
    assert not run(world, asked, signer=SIGNER).changed
