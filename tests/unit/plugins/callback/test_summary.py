# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The callback in a run of ansible-playbook: quiet by itself, whole with -v."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.process

ROOT = Path(__file__).resolve().parents[4]
COPY = {"ansible.builtin.copy": {"dest": "{{ playbook_dir }}/made", "content": "new\n", "mode": "0644"}}
GOOD = [
    {"name": "Check", "ansible.builtin.assert": {"that": True}},
    {"name": "Skip", "ansible.builtin.fail": {"msg": "never"}, "when": False},
    {"name": "Make", **COPY},
]
# The same without a module to send, which takes longer than the rest of the run.
QUICK = [*GOOD[:2], {"name": "Make", "ansible.builtin.set_fact": {"made": True}, "changed_when": True}]
BAD = [{"name": "Refuse", "ansible.builtin.fail": {"msg": "Refused. Name another."}}]


def run(folder: Path, tasks: list[dict[str, object]], *words: str, name: str = "p.yml") -> tuple[int, str]:
    """Exit code and all output of a playbook with these tasks, run without a terminal."""
    play = {"name": "P", "hosts": "all", "connection": "local", "gather_facts": False, "tasks": tasks}
    (folder / name).write_text(yaml.safe_dump([play]), encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    done = subprocess.run(
        [Path(sys.executable).with_name("ansible-playbook"), "-i", "ecr,", *words, str(folder / name)],
        cwd=folder,
        env={
            **kept,
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".ansible" / "collections"),
            "ANSIBLE_STDOUT_CALLBACK": "fastbreak.aws.summary",
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize(
    ("tasks", "words", "lines"),
    [
        (QUICK, (), [f"{'ecr':16} Make: changed", "", "1 component, 1 changed."]),
        (
            GOOD,
            ("--check", "--diff"),
            [
                "--- before",
                "@@ -0,0 +1 @@",
                "+new",
                f"{'ecr':16} Make: changed",
                "",
                "1 component, 1 would change.",
                "This was a plan and nothing was changed. Without --check it is applied; -v shows every property.",
            ],
        ),
    ],
)
def test_a_run_has_a_line_for_each_change_and_a_total(
    tmp_path: Path, tasks: list[dict[str, object]], words: tuple[str, ...], lines: list[str]
) -> None:
    code, out = run(tmp_path, tasks, *words)
    assert code == 0
    assert [line for line in out.splitlines() if not line.startswith("+++ after")] == lines
    assert "\x1b" not in out


@pytest.mark.parametrize("words", [(), ("-v",)])
def test_a_job_gets_its_summary_quiet_or_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("# Before\n\n", encoding="utf-8")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    code, _ = run(tmp_path, BAD, *words)
    assert code != 0
    told = summary.read_text(encoding="utf-8")
    assert told.startswith("# Before\n\n### p: failed\n\n```text\n")
    assert told.count("FAILED: Refused. Name another.") == 1
    assert "1 component, 0 changed, 1 failed." in told


def test_a_summary_that_cannot_be_written_is_told_and_fails_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path))
    code, out = run(tmp_path, QUICK)
    assert code == 0
    assert "summary was not written" in " ".join(out.split())


def provision(folder: Path, source: str, *words: str) -> tuple[int, str]:
    """A run of a playbook site.yml in an environment that gets its images from the account *source*."""
    return run(folder, QUICK, "-e", f"image_promotion_source_account_id={source}", *words, name="site.yml")


@pytest.fixture(scope="module")
def loud(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, str]:
    """A run that shows everything, of an environment that images are published in."""
    return provision(tmp_path_factory.mktemp("loud"), "", "-v")


def test_provisioning_of_where_images_are_promoted_to_ends_with_a_promotion(tmp_path: Path) -> None:
    code, out = provision(tmp_path, "111111111111")
    assert code == 0
    assert "Next, promote an image and deploy it: " in out


def test_provisioning_of_where_images_are_published_ends_with_publishing(loud: tuple[int, str]) -> None:
    code, out = loud
    assert code == 0
    assert "Next, publish an image and deploy it: " in out


def test_a_failure_is_said_once(tmp_path: Path) -> None:
    code, out = run(tmp_path, BAD)
    assert code == 2
    assert out.count("Refused. Name another.") == 1
    assert "1 component, 0 changed, 1 failed." in out


def test_everything_is_shown_when_asked_for(loud: tuple[int, str]) -> None:
    code, out = loud
    assert code == 0
    for shown in ("PLAY [P]", "TASK [Check]", "skipping: [ecr]", "PLAY RECAP", "1 component, 1 changed."):
        assert shown in out
