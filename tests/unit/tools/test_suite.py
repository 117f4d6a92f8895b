"""Running stages: lanes, sums, failures, interruption."""

import sys
from pathlib import Path

import pytest

from tools import suite


@pytest.fixture(autouse=True)
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suite, "LOGS", tmp_path)


def stage(name: str, code: str) -> suite.Stage:
    return suite.Stage(name, (sys.executable, "-c", code))


def lanes(monkeypatch: pytest.MonkeyPatch, first: list[suite.Stage], second: list[suite.Stage]) -> int:
    monkeypatch.setattr(suite, "LANES", (tuple(first), tuple(second)))
    return suite.run_all([*first, *second])


PASSED = stage("a", "print('===== 3 passed, 1 skipped in 1.20s =====')")
ALSO = stage("b", "print('===== 4 passed in 61.20s (0:01:01) =====')")
FAILED = stage("c", "print('===== 1 failed, 2 passed in 0.1s ====='); raise SystemExit(1)")


def test_the_last_line_sums_what_pytest_counted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert lanes(monkeypatch, [PASSED], [ALSO]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.strip("=").split(" in ")[0].strip() == "7 passed, 1 skipped"


def test_a_failed_stage_fails_the_run_and_the_rest_still_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert lanes(monkeypatch, [FAILED, PASSED], [ALSO]) == 1
    out = capsys.readouterr().out
    assert "failed stages: c" in out
    assert "1 failed, 9 passed, 1 skipped" in out.splitlines()[-1]


def test_a_stage_that_hangs_is_ended_and_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suite, "STAGE_SECONDS", 1)
    monkeypatch.setattr(suite, "GRACE_SECONDS", 1)
    outcome = suite.Runner().run(stage("hangs", "import signal; signal.signal(2, signal.SIG_IGN); signal.pause()"))
    assert outcome.code == 124
    assert "longer than 1 s" in outcome.log.read_text()


def test_an_unknown_stage_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert suite.main(["no-such"]) == 2
    assert "There are: lint" in capsys.readouterr().err
