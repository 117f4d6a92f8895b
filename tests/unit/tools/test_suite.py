# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Running stages: sums, failures, interruption."""

import sys
from pathlib import Path

import pytest

from tools import suite


@pytest.fixture(autouse=True)
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suite, "LOGS", tmp_path)


def stage(name: str, code: str) -> suite.Stage:
    return suite.Stage(name, (sys.executable, "-c", code))


PASSED = stage("a", "print('===== 3 passed, 1 skipped in 1.20s =====')")
ALSO = stage("b", "print('===== 4 passed in 61.20s (0:01:01) =====')")
FAILED = stage("c", "print('===== 1 failed, 2 passed in 0.1s ====='); raise SystemExit(1)")


def test_the_last_line_sums_what_pytest_counted(capsys: pytest.CaptureFixture[str]) -> None:
    assert suite.run_all([PASSED, ALSO]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.strip("=").split(" in ")[0].strip() == "7 passed, 1 skipped"


def test_a_failed_stage_fails_the_run_and_the_rest_still_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert suite.run_all([FAILED, PASSED, ALSO], at_once=2) == 1
    out = capsys.readouterr().out
    assert "failed stages: c" in out
    assert "1 failed, 9 passed, 1 skipped" in out.splitlines()[-1]


def test_stages_begin_in_their_order(capsys: pytest.CaptureFixture[str]) -> None:
    assert suite.run_all([ALSO, FAILED, PASSED], at_once=1) == 1
    begun = [line.split()[1] for line in capsys.readouterr().out.splitlines() if " in " in line and "── " in line]
    assert begun == ["b", "c", "a"]


def test_the_slowest_tests_of_all_stages_are_listed_by_their_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "test_x.py").write_text("import time\ndef test_slow(): time.sleep(0.02)\ndef test_quick(): pass\n")
    durations = ("--durations=5", "--durations-min=0.01", "-p", "no:cacheprovider")
    pytest_stage = suite.Stage("p", (sys.executable, "-m", "pytest", *durations, str(tmp_path)))
    assert suite.run_all([pytest_stage, stage("m", "print('── network passed in 61.2 s')")]) == 0
    listed = capsys.readouterr().out.partition("slowest tests\n")[2].splitlines()
    assert listed[0].split() == ["61.2", "s", "m", "network"]
    assert listed[1].split()[2:] == ["p", "call", "test_x.py::test_slow"]
    assert listed[-1].startswith("="), "the sum comes last"


def test_what_stages_leave_among_temporary_files_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(suite.tempfile, "tempdir", str(place))
    code = "import os, tempfile; print(tempfile.mkdtemp(prefix='pymp-')); print(os.environ['ANSIBLE_LOCAL_TEMP'])"
    assert suite.run_all([stage("a", code), stage("b", code)]) == 0
    for name in ("a", "b"):
        left, ansible = map(Path, (tmp_path / f"{name}.log").read_text().split())
        assert left.parent == ansible.parent
        assert left.parent.parent == place
    assert list(place.iterdir()) == []


@pytest.mark.process
def test_a_stage_that_hangs_is_ended_and_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suite, "STAGE_SECONDS", 1)
    monkeypatch.setattr(suite, "GRACE_SECONDS", 1)
    outcome = suite.Runner().run(stage("hangs", "import signal; signal.signal(2, signal.SIG_IGN); signal.pause()"))
    assert outcome.code == 124
    assert "longer than 1 s" in outcome.log.read_text()


def test_an_unknown_stage_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert suite.main(["no-such"]) == 2
    assert "There are: integration" in capsys.readouterr().err
