# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The demo believes what a command said of itself only after reading it right."""

import sys
from pathlib import Path

import pytest

from demo.commands import Output, Runner, everything, recap_and_progress
from demo.console import Console, DemoError

RECAP = "network                    : ok=5    changed=2    unreachable=0    failed=0    skipped=1"


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(Console(), tmp_path, tmp_path / "logs", {"FASTBREAK_TEST": "from the environment"})


def test_changed_sums_the_recap_of_every_host() -> None:
    lines = ("TASK [x] changed=9", RECAP, RECAP.replace("network", "rds").replace("changed=2", "changed=1"))
    assert Output(0, lines, Path("log")).changed() == 3


def test_what_a_line_says_is_found_in_that_line_alone() -> None:
    failed = Output(2, ("[ERROR]: Action failed: Release 1 of inference failed: it is", "rolled back"), Path("log"))
    assert failed.says("Release 1 of inference failed")
    assert not failed.says("Release 1 of inference was rolled back")
    assert not failed.says("it is rolled back")


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (RECAP, "network: ok=5 changed=2 failed=0"),
        ("[ERROR]: Task failed: Action failed: It broke. Last log lines of task x: noise", "It broke."),
        ("fastbreak-dev-rds: CREATE_COMPLETE after 6 s", "fastbreak-dev-rds: CREATE_COMPLETE after 6 s"),
        ("inference +3s: migration succeeded", "inference +3s: migration succeeded"),
        ("copied 1 of 9 layers, 1.0 MB of 2.0 MB", "copied 1 of 9 layers, 1.0 MB of 2.0 MB"),
        ("promoted r/a:1 -> sha256:ab: 9 blobs copied", "promoted r/a:1 -> sha256:ab: 9 blobs copied"),
        ("ok: [rds]", None),
        ("TASK [Apply the stack] ****", None),
    ],
)
def test_of_a_playbook_only_recap_progress_and_errors_are_shown(line: str, shown: str | None) -> None:
    assert recap_and_progress(line) == shown


def test_a_command_gets_the_environment_and_leaves_a_log(runner: Runner) -> None:
    output = runner.run([sys.executable, "-c", "import os; print(os.environ['FASTBREAK_TEST'])"], log="it")
    assert output.lines == ("from the environment",)
    assert output.log.read_text() == "from the environment\n"


def test_a_failed_command_is_told_with_its_last_lines_and_its_log(runner: Runner) -> None:
    with pytest.raises(DemoError, match=r"exit code 3(.|\n)*out of luck(.|\n)*it\.log"):
        runner.run([sys.executable, "-c", "print('out of luck'); raise SystemExit(3)"], log="it", show=everything)


def test_a_command_that_does_not_exist_is_an_error_in_words(runner: Runner) -> None:
    with pytest.raises(DemoError, match="could not start"):
        runner.run(["/no/such/program"], log="it")
