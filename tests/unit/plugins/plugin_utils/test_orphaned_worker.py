# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Workers end with a run that is killed, whatever they wait for."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.unit.plugins.plugin_utils.processes import children, descendants, eventually, left_of
from tools.files import ROOT

TALKERS, SLEEPER = ("a", "b", "c"), "sleeper"
#: Talkers say more than a pipe holds: the first waits for a place in it, the others for the lock that the first has.
SCRIPT = f"""
touch "$1/begun/$2"
[ "$2" = {SLEEPER} ] && exec sleep 3600
while [ ! -e "$1/stopped" ]; do sleep 0.1; done
exec head -c 1000000 /dev/zero
"""


def playbook(folder: Path) -> Path:
    (folder / "script").write_text(SCRIPT, encoding="utf-8")
    tasks = [
        # The first task of ours has workers watched from then on, also those of other tasks.
        {"fastbreak.aws.component_failure": {}, "when": False},
        {"ansible.builtin.command": f"sh {folder}/script {folder} {{{{ inventory_hostname }}}}"},
    ]
    play = {"hosts": "all", "connection": "local", "gather_facts": False, "tasks": tasks}
    path = folder / "play.yml"
    path.write_text(yaml.safe_dump([play]), encoding="utf-8")
    return path


@pytest.mark.process
def test_workers_that_wait_for_a_killed_run_end_with_what_they_started(tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    begun.mkdir()
    command = [Path(sys.executable).with_name("ansible-playbook"), "-i", ",".join([*TALKERS, SLEEPER])]
    environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")}
    with subprocess.Popen(
        [*command, playbook(tmp_path)],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as run:
        try:
            eventually(lambda: len(list(begun.iterdir())) == len(TALKERS) + 1)
            workers, started = children(run.pid), descendants(run.pid)
            run.send_signal(signal.SIGSTOP)
            (tmp_path / "stopped").touch()
            assert len(workers) == len(TALKERS) + 1
            eventually(lambda: sum(bool(children(worker)) for worker in workers) == 1)
        finally:
            run.kill()
            run.wait(timeout=120)
        left = left_of(started)
    assert left == set()
