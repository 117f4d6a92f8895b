# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The command line on files, without a database."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from support.service import command

GOLDEN = Path(__file__).resolve().parents[1] / "golden/demo.jsonl"
# What NumPy and its algebra do on a processor that has no AVX-512; OpenVINO is held to that on each.
OLDER = {
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
    "OPENBLAS_CORETYPE": "Haswell",
}

pytestmark = pytest.mark.usefixtures("models_directory")


def run(*arguments: str, variables: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    environment = {**os.environ, **(variables or {})}
    return subprocess.run(command(*arguments), env=environment, capture_output=True, text=True, check=False)


def test_analyze_prints_a_table(person_clip: Path) -> None:
    done = run("analyze", str(person_clip))
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "persons.mp4: 884x496, 30 frames, 1.00 s at 30.00 frames/s"
    assert lines[1].startswith("2 persons found in ")
    assert "person 1: 30 frames, 0 to 29" in lines
    assert any(line.startswith("  left_knee_flexion") for line in lines)


def test_analyze_prints_json_with_every_measure(person_clip: Path) -> None:
    done = run("analyze", str(person_clip), "--json")
    report = json.loads(done.stdout)
    assert report["video"]["frames"] == 30
    assert report["frames_analysed_per_second"] > 1
    assert {"person", "frame", "time_seconds", "angle", "value_degrees", "confidence"} == set(report["measures"][0])
    assert len(report["measures"]) == sum(a["samples"] for p in report["persons"] for a in p["angles"].values())


def test_the_golden_file_is_what_is_found_in_its_clip(demo_clip: Path) -> None:
    kept = json.loads(GOLDEN.read_text())
    found = json.loads(run("golden", str(demo_clip)).stdout)
    assert found["frames_per_second"] > 0
    for line in (kept, found):
        del line["frames_per_second"], line["commit"]
    # Processors that are no x86 round otherwise.
    assert _flat(found) == pytest.approx(_flat(kept), abs=2)
    assert kept["sha256"] == hashlib.sha256(demo_clip.read_bytes()).hexdigest()


def test_golden_is_the_same_again_and_on_an_older_processor(person_clip: Path) -> None:
    first, second = (
        json.loads(run("golden", str(person_clip), variables=variables).stdout) for variables in ({}, OLDER)
    )
    assert {**first, "frames_per_second": 0} == {**second, "frames_per_second": 0}


def _flat(value: Any, name: str = "") -> dict[str, Any]:
    """Every member of a line by its path."""
    if isinstance(value, dict | list):
        inner = value.items() if isinstance(value, dict) else enumerate(value)
        return {path: leaf for key, held in inner for path, leaf in _flat(held, f"{name}.{key}").items()}
    return {name: value}


def test_golden_of_what_is_no_clip_ends_with_one_sentence(tmp_path: Path) -> None:
    garbage = tmp_path / "x.mp4"
    garbage.write_bytes(b"hello" * 999)
    for clip, told in (
        (str(garbage), "x.mp4: "),
        (str(tmp_path / "none.mp4"), "There is no file"),
        ("http://127.0.0.1:9/clip.mp4?signature=secret", "127.0.0.1/clip.mp4 could not be read"),
    ):
        done = run("golden", clip)
        assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
        assert told in done.stderr
        assert "secret" not in done.stderr


@pytest.mark.parametrize(("content", "code"), [(b"", "empty_body"), (b"hello" * 999, "not_a_video")])
def test_garbage_ends_with_one_sentence(tmp_path: Path, content: bytes, code: str) -> None:
    path = tmp_path / "x.mp4"
    path.write_bytes(content)
    done = run("analyze", str(path))
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith(f"fastbreak-service: {path}: ")
    assert done.stderr.endswith(f"[{code}]\n")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("option", ["--video", "--blur-faces", "--parquet", "--body-height=1=1.85"])
def test_what_is_of_a_report_wants_one(tmp_path: Path, option: str) -> None:
    path = tmp_path / "x.mp4"
    path.write_bytes(b"x")
    done = run("analyze", str(path), option)
    assert (done.returncode, done.stdout) == (2, "")
    assert "say with --out" in done.stderr


def test_a_body_height_is_given_once(tmp_path: Path) -> None:
    path = tmp_path / "x.mp4"
    path.write_bytes(b"x")
    done = run("analyze", str(path), "--out", str(tmp_path / "report"), *2 * ["--body-height=1=1.85"])
    assert (done.returncode, done.stdout) == (2, "")
    assert "person 1 is given twice" in done.stderr


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    done = run("analyze", str(tmp_path / "none.mp4"))
    assert (done.returncode, done.stderr) == (2, f"fastbreak-service: There is no file {tmp_path}/none.mp4.\n")


def test_a_folder_is_no_video(tmp_path: Path) -> None:
    done = run("analyze", str(tmp_path))
    assert (done.returncode, done.stderr) == (2, f"fastbreak-service: {tmp_path} could not be read: Is a directory.\n")


def test_an_unknown_command_is_wrong() -> None:
    assert run("dance").returncode == 2


def test_the_version_is_that_of_the_image(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASTBREAK_VERSION", "1.2.3-abc")
    done = run("--version")
    assert (done.returncode, done.stdout) == (0, "fastbreak-service 1.2.3-abc\n")


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_no_traceback(demo_clip: Path, sent: signal.Signals) -> None:
    with subprocess.Popen(
        command("analyze", str(demo_clip)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        assert "frames analysed" in process.stderr.readline()
        time.sleep(0.1)
        process.send_signal(sent)
        _, said = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "Traceback" not in said
    assert said.endswith("fastbreak-service: Interrupted.\n")


def test_healthcheck_of_nothing_fails() -> None:
    done = run("healthcheck")
    assert done.returncode == 1
    assert "does not answer" in done.stderr
