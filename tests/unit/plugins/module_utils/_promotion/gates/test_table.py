# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of gates: what it makes of options, and that a row in it is all that a new gate needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.fastbreak.aws.plugins.module_utils._common.verdict import Verdict
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RefusedError
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates import table
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.labels import LabelPolicy, Labels
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.model import (
    ConfiguredGate,
    Gate,
    Judgement,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.report import as_data
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.request import build_request, named_images
from ansible_collections.fastbreak.aws.plugins.module_utils._release.promotion import GateMode
from ansible_collections.fastbreak.aws.plugins.modules import image_promotion

from tests.unit.plugins.module_utils._promotion.case import DESTINATION, SOURCE, TAG, run, sample
from tests.unit.plugins.module_utils._promotion.fakes import World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.fastbreak.aws.plugins.module_utils._common.time_span import TimeSpan
    from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.model import Options
    from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.subject import Subject
    from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.request import PromotionRequest
    from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.values import SourceImage


class Platforms(Gate[int, int]):
    """A gate from outside: the image must run on so many platforms."""

    name = "platforms"
    options: ClassVar[Options] = {"minimum": {"type": "int", "required": True}}

    def problems(self, options: Options) -> Iterator[str]:
        if options["minimum"] < 1:
            yield f"gates.platforms.minimum is {options['minimum']}, so that nothing could fail"

    def read(self, options: Options) -> int:
        return int(options["minimum"])

    def measure(self, _policy: int, subject: Subject) -> int:
        return len(subject.platforms)

    def assess(self, policy: int, measured: int, _image: SourceImage, _now: TimeSpan) -> Judgement:
        verdict = Verdict.HEALTHY if measured >= policy else Verdict.UNHEALTHY
        return Judgement(verdict, f"{measured} platforms")

    def expect(self, policy: int, _image: SourceImage) -> str:
        return f"at least {policy} platforms"


@pytest.fixture
def one_row_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "GATES", (*table.GATES, Platforms()))


def request(**gates: Any) -> PromotionRequest:
    given = {
        "source": {"registry": "dev.example"},
        "destination": {"registry": "prod.example"},
        "repository": SOURCE,
        "destination_repository": DESTINATION,
        "tag": TAG,
        "gates": gates,
    }
    checked = ArgumentSpecValidator(image_promotion.build_argument_spec()).validate(given)
    assert checked.error_messages == []
    return build_request(checked.validated_parameters, named_images(checked.validated_parameters))


@pytest.mark.usefixtures("one_row_more")
def test_a_gate_from_outside_is_measured_recorded_and_worded() -> None:
    world = World()
    sample(world)
    asked = request(platforms={"minimum": 2})
    result = run(world, asked)
    (found,) = as_data(result)["images"][0]["gates"]
    assert found == {
        "gate": "platforms",
        "mode": "required",
        "verdict": "HEALTHY",
        "seen": "2 platforms",
        "expected": "at least 2 platforms",
        "subject": result.images[0].plan.source.digest,
    }


@pytest.mark.usefixtures("one_row_more")
def test_a_gate_from_outside_stops_a_promotion() -> None:
    world = World()
    sample(world)
    with pytest.raises(RefusedError, match="stopped by its gate platforms") as caught:
        run(world, request(platforms={"minimum": 3}))
    assert "Seen: 2 platforms. Expected: at least 3 platforms." in caught.value.message
    assert "gate platforms (required): UNHEALTHY, 2 platforms" in caught.value.details["diff"]["after"]
    assert world.destination.writes == 0


@pytest.mark.usefixtures("one_row_more")
def test_options_of_a_gate_from_outside_are_checked() -> None:
    spec = ArgumentSpecValidator(table.gates_spec())
    assert "missing required arguments: minimum" in spec.validate({"platforms": {}}).error_messages[0]
    given = spec.validate({"platforms": {"minimum": 0}}).validated_parameters
    assert table.read_gates(given) == ((), ["gates.platforms.minimum is 0, so that nothing could fail"])


def test_a_gate_is_required_unless_it_says_otherwise_and_one_that_is_off_is_none() -> None:
    given = {"labels": {}, "age": {"mode": False}, "signature": {"mode": "off"}, "vulnerabilities": None}
    checked = ArgumentSpecValidator(table.gates_spec()).validate(given)
    (labels,), problems = table.read_gates(checked.validated_parameters)
    assert isinstance(labels.gate, Labels)
    assert labels == ConfiguredGate(labels.gate, GateMode.REQUIRED, LabelPolicy())
    assert problems == []


def test_all_that_is_wrong_is_said_at_once_and_nothing_is_read_then() -> None:
    given = {"labels": {}, "age": {}, "signature": {}, "vulnerabilities": {"maximum": {}, "wait_seconds": -1}}
    checked = ArgumentSpecValidator(table.gates_spec()).validate(given)
    gates, problems = table.read_gates(checked.validated_parameters)
    assert gates == ()
    assert [problem.split(" ")[0].split(".")[1] for problem in problems] == [
        "age",
        "signature",
        "vulnerabilities",
        "vulnerabilities",
    ]


def documented(option: dict[str, Any]) -> dict[str, Any]:
    """A documented option as an argument spec has it."""
    kept = {key: value for key, value in option.items() if key not in ("description", "suboptions", "no_log")}
    if "suboptions" in option:
        kept["options"] = {name: documented(inner) for name, inner in option["suboptions"].items()}
    return kept


def specified(option: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in option.items() if key not in ("options", "no_log")}
    if "options" in option:
        kept["options"] = {name: specified(inner) for name, inner in option["options"].items()}
    return kept


def test_the_module_documents_the_gates_of_the_table() -> None:
    options = yaml.safe_load(image_promotion.DOCUMENTATION)["options"]
    assert documented(options["gates"])["options"] == {
        name: specified(option) for name, option in table.gates_spec().items()
    }
