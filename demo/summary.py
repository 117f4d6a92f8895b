# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the demo leaves running, and where to look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from demo.console import clock
from sandbox.authority import authority_path
from sandbox.state import home_of

if TYPE_CHECKING:
    from pathlib import Path

    from demo.environment import Release
    from demo.job import MainJob
    from demo.steps import Demo


def summarise(demo: Demo, job: MainJob, good: Release, report: Path) -> None:
    console, logs = demo.console, demo.logs.relative_to(demo.folder)
    authority = authority_path(home_of(demo.sandbox, demo.folder))
    total = sum(seconds for _, seconds in console.times)
    print(f"\nDone in {clock(total)}. What was asked of the service while it was deployed:", flush=True)
    for deployment in job.watched:
        kind = "good" if deployment.tag == good.tag else "bad"
        console.detail(f"{deployment.environment}, {kind} release: {deployment.tally.sentence()}")
    print("\nWhat runs, and where to look:", flush=True)
    console.pairs(
        {
            "release": good.tag,
            **{f"service in {environment.name}": environment.url for environment in job.environments},
            "": "with /v1/analyses and /metrics",
            "a token, which prod asks for": f".venv/bin/python -m demo token --name {demo.sandbox}",
            "who signs prod's certificate": str(authority.relative_to(demo.folder)),
            "report of the releases": str(report.relative_to(demo.folder)),
            "AWS endpoint": job.prod.platform.endpoint_url,
            "AWS from your shell": f'eval "$(.venv/bin/python -m sandbox env prod --name {demo.sandbox})"',
            "then, for example": ".venv/bin/ansible-playbook -i inventories/prod playbooks/rollback.yml",
            "logs of each step": f"{logs}/",
            "end it all": "make demo-down",
        }
    )
