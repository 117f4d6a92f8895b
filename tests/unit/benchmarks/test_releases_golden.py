# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the stand-in finds in a known clip: the gate `inference` tells releases that find something else."""

from __future__ import annotations

import pytest
import yaml
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.golden import read_file_of, read_lines
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.golden_differences import differences
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.inference import InferenceGate

from benchmarks.releases import app
from benchmarks.releases.kinds import KINDS, Kind
from tools.files import ROOT

PLAYBOOK = ROOT / "benchmarks" / "releases" / "deploy.yml"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_only_what_finds_other_keypoints_differs(
    kind: Kind, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in kind.settings.items():
        monkeypatch.setenv(name, str(value))
    ((play),) = yaml.safe_load(PLAYBOOK.read_text(encoding="utf-8"))
    gates = play["tasks"][0]["vars"]["ecs_rollout_gates"]
    (gate,) = (gate for gate in gates if gate["kind"] == InferenceGate.kind)
    app.main(["golden", *gate["inference_clips"]])
    (found,) = read_lines(capsys.readouterr().out.splitlines())
    (wanted,) = read_file_of((PLAYBOOK.parent / "golden.jsonl").read_text(encoding="utf-8"))
    told = [*differences(wanted, found, InferenceGate.options["maximum_angle_difference"]["default"])]
    assert bool(told) is (kind.name == "wrong-keypoints")


def test_no_other_gate_knows_the_angle() -> None:
    text = PLAYBOOK.read_text(encoding="utf-8")
    assert "knee" not in text
