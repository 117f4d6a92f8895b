# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""All gates of an image together: each measures, each is assessed once, and none hides another."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.verdict import Verdict
from ansible_collections.fastbreak.aws.plugins.module_utils._ecr.values import Scan, ScanState
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import UnavailableError
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.judge import judge
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.ports import StoppedError
from ansible_collections.fastbreak.aws.plugins.module_utils._release.promotion import GateMode

from tests.unit.plugins.module_utils._promotion.gates.case import ALL, COMPLETE, DIGEST, Gates, configured


def test_a_good_image_passes_all_gates() -> None:
    gates = Gates()
    gates.attach(gates.sign(), tag=f"{DIGEST.replace(':', '-')}.sig")
    found = gates.judge()
    assert {name: result.verdict for name, result in found.items()} == dict.fromkeys(
        ("labels", "age", "signature", "vulnerabilities"), Verdict.HEALTHY
    )
    assert found["signature"].seen == f"{DIGEST.replace(':', '-')}.sig: signed by the given key"
    assert found["vulnerabilities"].seen.count("no findings") == 2


def test_without_gates_nothing_is_looked_at() -> None:
    gates = Gates()
    assert judge(gates.image(), (), gates.ports(), gates.world.told_time) == ()
    assert gates.source.read == []


def test_all_gates_are_assessed_at_one_time_when_all_have_measured() -> None:
    gates = Gates()
    gates.attach(gates.sign())
    gates.platforms = [gates.platform("linux/amd64", created="2026-11-23T11:00:30Z")] * 2
    gates.world.answers[gates.platforms[0].digest] = [Scan(ScanState.RUNNING)] * 4 + [COMPLETE]
    found = gates.judge()
    assert gates.world.asked_the_time == 1
    assert gates.world.elapsed > 0
    # It was half a minute too young when it was measured.
    assert "1.0 hours ago" in found["age"].seen


def test_what_cannot_be_asked_is_that_gates_error_and_hides_no_other() -> None:
    gates = Gates()
    gates.attach(gates.sign())
    gates.world.answers[gates.platforms[0].digest] = [UnavailableError("ECR was busy.")]
    found = gates.judge()
    assert found["vulnerabilities"].verdict is Verdict.ERROR
    assert "ECR was busy." in found["vulnerabilities"].seen
    assert {found[name].verdict for name in ("labels", "age", "signature")} == {Verdict.HEALTHY}


def test_a_source_that_cannot_be_read_passes_nothing_that_needs_it() -> None:
    gates = Gates()
    gates.attach(gates.sign())
    gates.source.problem = UnavailableError("The registry did not answer.")
    found = gates.judge()
    assert {name: result.verdict for name, result in found.items()} == {
        "labels": Verdict.ERROR,
        "age": Verdict.ERROR,
        "signature": Verdict.UNHEALTHY,
        "vulnerabilities": Verdict.HEALTHY,
    }
    assert all("did not answer" in found[name].seen for name in ("labels", "age", "signature"))


def test_a_manifest_that_was_not_read_passes_nothing() -> None:
    gates = Gates()
    image = gates.image()
    found = gates.judge(
        *(gate for gate in ALL if gate.gate.name != "signature"), image=replace(image, manifests=image.manifests[1:])
    )
    assert {result.verdict for result in found.values()} == {Verdict.ERROR}


@pytest.mark.parametrize("attached", [True, False])
def test_a_policy_that_cannot_be_right_is_an_error_that_says_what_was_expected(attached: bool) -> None:
    gates = Gates()
    if attached:
        gates.attach(gates.sign())
    found = gates.judge(configured("labels"), configured("signature", public_key="no key"))
    assert found["signature"].verdict is Verdict.ERROR
    assert "PEM" in found["signature"].seen
    assert found["signature"].expected == "a signature of the image's digest by the given public key"
    assert found["labels"].verdict is Verdict.HEALTHY


def test_a_warning_gate_is_measured_and_does_not_stop() -> None:
    result = Gates().judge(configured("signature", GateMode.WARN))["signature"]
    assert (result.verdict, result.stops) == (Verdict.UNHEALTHY, False)


def test_work_that_is_given_up_is_no_gates_result() -> None:
    gates = Gates()
    gates.world.answers[gates.platforms[0].digest] = [Scan(ScanState.RUNNING)]

    def stopped(_seconds: float) -> None:
        raise StoppedError("Given up.")

    gates.world.sleep = stopped  # type: ignore[method-assign]
    with pytest.raises(StoppedError):
        gates.judge(configured("vulnerabilities"))
