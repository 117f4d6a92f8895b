# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A whole run of `ansible-playbook` with one task that promotes: what a user waits for."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.errors import BenchmarkError
from benchmarks.promotion.promotion import Promotion
from tools.files import ROOT


def run(promotion: Promotion, folder: Path) -> float:
    """Seconds from its start to its end. Raises BenchmarkError when it fails or changes nothing."""
    task = {"name": "Promote", "fastbreak.aws.image_promotion": promotion.options()}
    play = folder / "playbook.json"
    play.write_text(
        json.dumps([{"name": "Promote", "hosts": "localhost", "gather_facts": False, "tasks": [task]}]),
        encoding="utf-8",
    )
    began = time.monotonic()
    done = subprocess.run(
        [Path(sys.executable).with_name("ansible-playbook"), "-i", "localhost,", "-c", "local", play],
        cwd=ROOT,
        env={**os.environ, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_STDOUT_CALLBACK": "default"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    elapsed = time.monotonic() - began
    if done.returncode != 0 or "changed=1" not in done.stdout:
        raise BenchmarkError(f"The playbook did not promote: {(done.stdout + done.stderr).strip()[-1500:]}")
    return elapsed
