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
    ("words", "lines"),
    [
        ((), [f"{'ecr':16} Make: changed", "", "1 component, 1 changed."]),
        (
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
def test_a_run_has_a_line_for_each_change_and_a_total(tmp_path: Path, words: tuple[str, ...], lines: list[str]) -> None:
    code, out = run(tmp_path, GOOD, *words)
    assert code == 0
    assert [line for line in out.splitlines() if not line.startswith("+++ after")] == lines
    assert "\x1b" not in out


@pytest.mark.parametrize(("source", "verb"), [("111111111111", "promote"), ("", "publish")])
def test_provisioning_ends_with_where_the_environment_gets_its_images_from(
    tmp_path: Path, source: str, verb: str
) -> None:
    code, out = run(tmp_path, GOOD, "-e", f"image_promotion_source_account_id={source}", name="site.yml")
    assert code == 0
    assert f"Next, {verb} an image and deploy it: " in out


def test_a_failure_is_said_once(tmp_path: Path) -> None:
    code, out = run(tmp_path, BAD)
    assert code == 2
    assert out.count("Refused. Name another.") == 1
    assert "1 component, 0 changed, 1 failed." in out


def test_everything_is_shown_when_asked_for(tmp_path: Path) -> None:
    code, out = run(tmp_path, GOOD, "-v")
    assert code == 0
    for shown in ("PLAY [P]", "TASK [Check]", "skipping: [ecr]", "PLAY RECAP", "1 component, 1 changed."):
        assert shown in out
