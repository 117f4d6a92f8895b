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
    durations = ("--durations=5", "--durations-min=0.01")
    pytest_stage = suite.Stage("p", (sys.executable, "-m", "pytest", *durations, str(tmp_path)))
    assert suite.run_all([pytest_stage, stage("m", "print('── network passed in 61.2 s')")]) == 0
    listed = capsys.readouterr().out.partition("slowest tests\n")[2].splitlines()
    assert listed[0].split() == ["61.2", "s", "m", "network"]
    assert listed[1].split()[2:] == ["p", "call", "test_x.py::test_slow"]
    assert listed[-1].startswith("="), "the sum comes last"


def test_it_is_told_how_busy_the_processors_were(tmp_path: Path) -> None:
    told = tmp_path / "stat"
    told.write_text("cpu  100 10 50 800 20 5 5 10 7 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n")
    assert suite.processor_ticks(told) == (180, 1000)
    assert suite.busy((180, 1000), (930, 2000)) == "processors were busy 75% of the time"
    assert suite.processor_ticks(tmp_path / "none") == (0, 0)
    assert suite.busy((0, 0), (0, 0)) == ""


CHANCE = """
import pathlib
COUNT = pathlib.Path(__file__).with_name("count")
def test_sound(): pass
def test_chance():
    COUNT.write_text(COUNT.read_text() + "x" if COUNT.exists() else "x")
    assert len(COUNT.read_text()) > {failures}
"""


def chance_stage(folder: Path, failures: int, *, engine: bool = True) -> suite.Stage:
    """A stage of two tests, one of which fails the first few times."""
    (folder / "test_x.py").write_text(CHANCE.format(failures=failures))
    return suite.Stage("p", (sys.executable, "-m", "pytest", str(folder)), engine=engine)


def test_what_failed_among_others_and_passes_alone_is_named_as_flaky(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert suite.run_all([chance_stage(tmp_path, 1), PASSED]) == 0
    out = capsys.readouterr().out
    assert "FLAKY p " in out
    assert f"flaky: test_x.py::test_chance failed beside the rest and passed alone. Its failure is in {tmp_path}" in out
    assert out.splitlines()[-1].strip("=").split(" in ")[0].strip() == "5 passed, 1 skipped"
    assert (tmp_path / "count").read_text() == "xx"
    assert "assert 1 > 1" in (tmp_path / "p.log").read_text(), "the first failure stays to be read"


@pytest.mark.parametrize(("failures", "engine", "looks"), [(2, True, 2), (1, False, 1)])
def test_what_fails_again_or_depends_on_its_inputs_alone_fails_the_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], failures: int, engine: bool, looks: int
) -> None:
    assert suite.run_all([chance_stage(tmp_path, failures, engine=engine)]) == 1
    out = capsys.readouterr().out
    assert "failed stages: p" in out
    assert "1 failed, 1 passed" in out.splitlines()[-1]
    assert (tmp_path / "count").read_text() == "x" * looks


def test_many_failures_get_no_second_look(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "test_x.py").write_text("".join(f"def test_{n}(): assert not {n}\n" for n in range(5)))
    assert suite.run_all([suite.Stage("p", (sys.executable, "-m", "pytest", str(tmp_path)), engine=True)]) == 1
    assert "again" not in capsys.readouterr().out


@pytest.mark.parametrize(("ends", "code"), [(True, 0), (False, 1)])
def test_a_scenario_of_molecule_gets_a_second_look_if_all_have_run(tmp_path: Path, ends: bool, code: int) -> None:
    count = tmp_path / "count"
    script = f"""
import pathlib, sys
count = pathlib.Path({str(count)!r})
first = not count.exists()
count.write_text(" ".join(sys.argv[1:]))
print("── network passed in 1.0 s")
print("── rds " + ("FAILED (exit 2)" if first else "passed") + " in 61.2 s")
if {ends}:
    print("1 of 2 scenarios passed; failed: rds")
sys.exit(1 if first else 0)
"""
    assert suite.run_all([suite.Stage("molecule", (sys.executable, "-c", script), engine=True)]) == code
    assert count.read_text() == ("rds" if ends else "")


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
    assert f"There are: {suite.STAGES[0].name}, " in capsys.readouterr().err
