# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The main job as a newcomer runs it: killed while it makes prod, run again, and prod's verbs once more."""

import os
import re
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
KILLED_AT = "h. Provision prod"


@dataclass(frozen=True)
class Run:
    code: int
    text: str

    def step(self, letter: str) -> str:
        """What one step printed."""
        found = re.search(
            rf"^\[\d\d:\d\d\] {letter}\. .*?(?=^\[\d\d:\d\d\]|\nDone in|\Z)", self.text, re.MULTILINE | re.DOTALL
        )
        assert found, f"no step {letter} in:\n{self.text}"
        return found[0]


def _demo(name: str, *, kill_at: str | None = None) -> Run:
    """Run the demo to its end, or kill it with all it started once a step is announced."""
    process = subprocess.Popen(
        [sys.executable, "-m", "demo", "up", "--name", name],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if kill_at and kill_at in "".join(lines) and "fastbreak-prod-" in line and "CREATE" in line:
            os.killpg(process.pid, signal.SIGKILL)
    process.stdout.close()
    return Run(process.wait(), "".join(lines))


@pytest.fixture(scope="module")
def sandbox_name() -> Iterator[str]:
    name = f"e2e-{uuid.uuid4().hex[:8]}"
    yield name
    ended = subprocess.run(
        [sys.executable, "-m", "sandbox", "down", "--name", name], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr


@pytest.fixture(scope="module")
def killed(sandbox_name: str) -> Run:
    return _demo(sandbox_name, kill_at=KILLED_AT)


@pytest.fixture(scope="module")
def finished(sandbox_name: str, killed: Run) -> Run:
    return _demo(sandbox_name)


def test_it_was_killed_while_it_provisioned_prod(killed: Run) -> None:
    assert killed.code == -signal.SIGKILL
    assert "i. Promote" not in killed.text


def test_after_a_kill_the_same_command_goes_through(finished: Run) -> None:
    assert finished.code == 0, finished.text


def test_what_dev_had_reached_is_not_done_again(finished: Run) -> None:
    assert "changed=0\n" in finished.step("c")
    assert "changed=0;" in finished.step("e")


@pytest.mark.parametrize("letter", ["f", "k"])
def test_real_footage_is_analysed_and_kept_in_the_database(finished: Run, letter: str) -> None:
    step = finished.step(letter)
    persons = re.search(r"(\d+) frames of 1768x994 .*, (\d+) person", step)
    assert persons, step
    assert int(persons[1]) == 230
    assert int(persons[2]) >= 1
    rows = re.search(r"in the RDS Postgres: 1 analyses, (\d+) persons, (\d+) measures", step)
    assert rows, step
    assert rows[1] == persons[2]
    assert int(rows[2]) > 230


def test_prod_gets_the_digest_that_dev_tried(killed: Run, finished: Run) -> None:
    published = re.search(r"sha256:[0-9a-f]{64}", finished.step("d"))
    assert published
    assert published[0] in killed.step("d")
    assert f"prod holds the same digest: {published[0]}" in finished.step("i")


@pytest.mark.parametrize(("run", "letter"), [("killed", "e"), ("finished", "j")])
def test_the_good_release_drops_no_request(request: pytest.FixtureRequest, run: str, letter: str) -> None:
    step = request.getfixturevalue(run).step(letter)
    assert re.search(r"\d+ user requests in \d+ s, 0 failed", step), step


@pytest.mark.parametrize("letter", ["g", "l"])
def test_the_bad_release_is_refused_and_told_honestly(finished: Run, letter: str) -> None:
    refused = finished.step(letter)
    assert "refused and rolled back" in refused
    assert re.search(r"user requests in \d+ s, [1-9]\d* failed \(.*500", refused), refused


def test_the_report_tells_every_release_and_promotion(finished: Run, sandbox_name: str) -> None:
    report = (ROOT / ".sandbox" / f"{sandbox_name}.demo" / "report.html").read_text(encoding="utf-8")
    assert report.count('<span class="badge succeeded">') == 2
    assert report.count('<span class="badge rolled_back">') == 3
    assert "2 promotions" in finished.step("m")


@pytest.mark.parametrize("playbook", ["promote", "deploy"])
def test_in_prod_the_verbs_change_nothing_once_more(finished: Run, sandbox_name: str, playbook: str) -> None:
    published = re.search(r"^ +(\S+)  sha256:", finished.step("d"), re.MULTILINE)
    assert published
    output = subprocess.run(
        [sys.executable, "-m", "sandbox", "env", "prod", "--name", sandbox_name],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    variables = dict(re.findall(r"^export (\w+)=['\"]?(.*?)['\"]?$", output, re.MULTILINE))
    command = [sys.executable, "-m", "ansible", "playbook", "-i", "inventories/prod", f"playbooks/{playbook}.yml"]
    again = subprocess.run(
        [*command, "-e", f"version={published[1]}"],
        cwd=ROOT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert again.returncode == 0, again.stdout + again.stderr
    assert set(re.findall(r"changed=(\d+)", again.stdout)) == {"0"}, again.stdout
