"""What the demo leaves running, and where to look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from demo.console import clock

if TYPE_CHECKING:
    from collections.abc import Mapping

    from demo.console import Console
    from demo.load import Tally
    from demo.platform import Platform
    from demo.steps import Demo, Release


def summarise(console: Console, demo: Demo, platform: Platform, good: Release, tallies: Mapping[str, Tally]) -> None:
    outputs = platform.outputs("ecs")
    url = outputs["ProductionUrl"]
    total = sum(seconds for _, seconds in console.times)
    print(f"\nDone in {clock(total)}. What was asked of the service while it was deployed:", flush=True)
    for name, tally in tallies.items():
        console.detail(f"{name}: {tally.sentence()}")
    print("\nWhat runs, and where to look:", flush=True)
    python = ".venv/bin/python"
    playbook = f".venv/bin/ansible-playbook -i inventories/{platform.environment} playbooks"
    console.pairs(
        {
            "release": good.tag,
            "service": url,
            "analyses": f"{url}/v1/analyses",
            "metrics": f"{url}/metrics",
            "AWS endpoint": platform.endpoint_url,
            "AWS from your shell": f'eval "$({python} -m sandbox env {platform.environment} --name {demo.sandbox})"',
            "then, for example": f"{playbook}/rollback.yml",
            "logs of each step": f"{demo.logs.relative_to(demo.folder)}/",
            "end it all": "make demo-down",
        }
    )
