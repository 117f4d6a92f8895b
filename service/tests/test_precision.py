# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""In what numbers the networks count: what a processor can do, what a result says, and that it is the same again."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import finding
import numpy as np
import pytest

from fastbreak_service.footage.choice import footage_of
from fastbreak_service.settings import work_settings
from fastbreak_service.store.engine import make_engine
from fastbreak_service.video.limits import Limits
from fastbreak_service.vision.models import MODEL_NAMES, ModelError, PoseModel
from fastbreak_service.vision.precision import Precision, possible, spoken
from fastbreak_service.vision.region import Box, share
from fastbreak_service.worker.assembly import assemble
from fastbreak_service.worker.protocol import Job
from support.service import command

if TYPE_CHECKING:
    from pathlib import Path

ABLE = possible(Precision.FAST) is Precision.FAST


def analysed(clip: Path, *more: str, **variables: str) -> tuple[dict[str, Any], str]:
    """What a process of its own says of a clip, and what it complains of."""
    done = subprocess.run(
        command("analyze", str(clip), "--json", *more),
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    report = json.loads(done.stdout)
    for name in ("elapsed_seconds", "frames_analysed_per_second"):
        del report[name]
    return report, done.stderr


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ("flags: avx2 avx512f avx512_bf16 amx", Precision.FAST),
        ("flags: avx2 avx512f", Precision.F32),
        ("", Precision.F32),
    ],
)
def test_fast_needs_a_processor_that_counts_in_bfloat16(tmp_path: Path, flags: str, expected: Precision) -> None:
    told = tmp_path / "cpuinfo"
    told.write_text(flags)
    assert possible(Precision.FAST, told) is expected
    assert possible(Precision.F32, told) is Precision.F32
    assert (spoken(Precision.FAST, expected) is None) == (expected is Precision.FAST)


def test_where_no_processors_are_listed_single_precision_is_used(tmp_path: Path) -> None:
    assert possible(Precision.FAST, tmp_path / "none") is Precision.F32


@pytest.mark.usefixtures("models_directory")
def test_fast_is_the_same_again_and_says_what_it_counted_in(person_clip: Path) -> None:
    first, complaint = analysed(person_clip, FASTBREAK_PRECISION="fast")
    again, _ = analysed(person_clip, "--precision", "fast", NPY_DISABLE_CPU_FEATURES="X86_V4 AVX512_ICL AVX512_SPR")
    assert first == again
    assert first["model"]["name"] == ("blazepose-full-bf16" if ABLE else "blazepose-full")
    assert ("has no AVX512-BF16" in complaint) is not ABLE

    single, complaint = analysed(person_clip, "--precision", "f32", FASTBREAK_PRECISION="fast")
    assert (single["model"]["name"], single["model"]["sha256"]) == ("blazepose-full", first["model"]["sha256"])
    assert "AVX512" not in complaint
    assert [person["frames"] for person in single["persons"]] == [person["frames"] for person in first["persons"]]
    angles = [
        {(m["person"], m["frame"], m["angle"]): m["value_degrees"] for m in r["measures"]} for r in (single, first)
    ]
    apart = [abs(angles[0][key] - angles[1][key]) for key in angles[0].keys() & angles[1].keys()]
    assert np.median(apart) < 1.5


@pytest.mark.parametrize("wanted", [Precision.F32, Precision.FAST])
def test_a_worker_counts_as_the_service_is_told(
    wanted: Precision, person_clip: Path, models_directory: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """From the variable to the process that analyses."""
    named = {"DATABASE_HOST": "h", "DATABASE_NAME": "n", "DATABASE_USER": "u", "DATABASE_PASSWORD": "p"}
    named |= {"PRECISION": wanted, "MODELS_DIRECTORY": str(models_directory), "FOOTAGE": str(tmp_path)}
    settings = work_settings({f"FASTBREAK_{name}": value for name, value in named.items()})
    engine, footage = make_engine(settings.database), footage_of(settings.footage)
    analyst = assemble(settings, engine, footage).analyst
    video = footage.directory / "video"
    shutil.copy(person_clip, video)

    async def run() -> Any:
        try:
            return await analyst.analyse(Job("1", str(video), str(footage.directory / "measures"), Limits()))
        finally:
            await analyst.stop()

    result = asyncio.run(run())
    footage.close()
    engine.dispose()
    assert result["model"]["name"] == MODEL_NAMES[possible(wanted)]
    assert ("has no AVX512-BF16" in capfd.readouterr().err) is (wanted is not possible(wanted))


def small_persons(vision: PoseModel, clip: Path) -> list[Box]:
    """The boxes that are found in a frame with ten persons of 96 pixels."""
    picture, _ = finding.crowd(finding.frames(clip), 96, seed=0)
    return [one.box for one in vision.detect(picture, finding.SEARCHES["usual"])]


FOUND = """
import json, pathlib, sys, test_precision
from fastbreak_service.vision.models import PoseModel
clip, models = map(pathlib.Path, sys.argv[1:])
print(json.dumps(test_precision.small_persons(PoseModel(models, test_precision.Precision.FAST), clip)))
"""


@pytest.mark.skipif(not ABLE, reason="the processor has no AVX512-BF16")
def test_fast_finds_the_small_persons_that_single_precision_finds(
    vision: PoseModel, demo_clip: Path, models_directory: Path
) -> None:
    """Where the places to sample at were counted in bfloat16, a third of them were missed."""
    made = subprocess.run(
        [sys.executable, "-c", FOUND, str(demo_clip), str(models_directory)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    fast = [Box(*sides) for sides in json.loads(made.stdout)]
    single = small_persons(vision, demo_clip)
    assert len(single) >= 7
    assert sum(any(share(box, other) > 0.8 for other in fast) for box in single) >= 0.85 * len(single)


def test_a_process_has_one_precision(vision: PoseModel, models_directory: Path) -> None:
    """What was compiled in single precision first would be refused bfloat16 without a word."""
    assert vision.identity.name == "blazepose-full"
    with pytest.raises(ModelError, match="cannot count in bfloat16 here"):
        PoseModel(models_directory, Precision.FAST)
