# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The record of a promotion, and the attestation that tells the same."""

from __future__ import annotations

import json

from ansible_collections.fastbreak.aws.plugins.module_utils._common.verdict import Verdict
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.labels import LabelPolicy, Labels
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.model import ConfiguredGate
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.run import promote
from ansible_collections.fastbreak.aws.plugins.module_utils._release.promotion import (
    PREDICATE_TYPE,
    GateMode,
    gate_data,
)

from tests.unit.plugins.module_utils._promotion.case import DESTINATION, TAG, request, run, sample
from tests.unit.plugins.module_utils._promotion.fakes import World

WARNING = (ConfiguredGate(Labels(), GateMode.WARN, LabelPolicy((("team", "video"),), revision_is_tag=False)),)


def test_the_record_and_the_attestation_tell_the_same() -> None:
    world = World(destination_api=True)
    made = sample(world)
    result = run(world)
    line = world.lines[0]
    assert (line.version, line.digest, line.commit) == (TAG, made.root.digest, "a" * 40)
    assert line.attestation == result.images[0].attestation
    artifact = json.loads(world.destination[DESTINATION].manifests[line.attestation].content)
    assert artifact["subject"]["digest"] == made.root.digest
    assert artifact["annotations"]["in-toto.io/predicate-type"] == PREDICATE_TYPE
    statement = json.loads(world.destination[DESTINATION].blobs[artifact["layers"][0]["digest"]])
    assert statement["subject"][0]["digest"] == {"sha256": made.root.digest.removeprefix("sha256:")}
    assert statement["predicate"]["promotedBy"] == line.promoted_by
    assert statement["predicate"]["promotedAt"] == line.promoted_at
    assert artifact["annotations"]["org.opencontainers.image.created"] == line.promoted_at
    assert {each["digest"] for each in statement["predicate"]["attachments"]} == {
        each.digest for each in made.attachments
    }


def test_what_the_gates_found_is_attested_and_recorded_as_it_was_decided() -> None:
    world = World(destination_api=True)
    sample(world)
    result = run(world, request(gates=WARNING))
    (judged,) = result.plan.images[0].gates
    (line,) = world.lines
    assert line.gates == (judged,)
    assert judged.verdict is Verdict.UNHEALTHY
    held = world.destination[DESTINATION]
    artifact = json.loads(held.manifests[line.attestation].content)
    statement = json.loads(held.blobs[artifact["layers"][0]["digest"]])
    assert statement["predicate"]["gates"] == [gate_data(judged)]


def test_nothing_is_recorded_without_a_service() -> None:
    world = World()
    sample(world)
    assert run(world, request(service="")).changed
    assert world.lines == []
    assert not promote(request(service=""), world.ports(), check_mode=False).changed
