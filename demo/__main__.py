"""`python -m demo up|down`: what `make demo` and `make demo-down` run once the virtual environments stand."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from demo.console import Console, DemoError, fail
from demo.down import take_down
from demo.steps import BAD_DOCKERFILE, Demo
from demo.summary import summarise
from sandbox.state import default_name

ROOT = Path(__file__).resolve().parent.parent
BAD_VERSION = "0.1.1"


def up(console: Console, sandbox: str, footage: Path | None) -> None:
    """Run the main job; raises DemoError at the first step that cannot be done."""
    demo = Demo(console, ROOT, sandbox)
    with console.step("a", "Docker engine and base images"):
        demo.prepare()
    with console.step("b", "Sandbox: an emulated AWS with two accounts"):
        demo.start_sandbox()
        runner, platform = demo.connect()
    with console.step("c", "Provision dev"):
        changed = demo.playbook(runner, "site.yml", log="provision").changed()
        console.detail(f"changed={changed}")
    with console.step("d", "Build the service image once, push it to dev's ECR"):
        good = demo.publish(runner, log="publish")
    url = platform.outputs("ecs")["ProductionUrl"]
    with console.step("e", f"Deploy it, health-gated, under a steady load on {url}"):
        first = demo.deploy(runner, url, good)
    with console.step("f", "Analyse real footage through the load balancer"):
        demo.analyse(platform, url, footage or demo.footage())
    with console.step("g", "Deploy a version whose health checks pass while its analysis route answers 500"):
        bad = demo.publish(
            runner,
            log="publish-bad",
            extra={"publish_version": BAD_VERSION, "publish_dockerfile": BAD_DOCKERFILE, "publish_base": good.tag},
        )
        second = demo.refuse(runner, platform, url, good, bad)
    summarise(console, demo, platform, good, {"good release": first, "bad release": second})


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    go = verbs.add_parser("up", help="run the main job, every step safe to repeat")
    go.add_argument("--footage", type=Path, help="a video of your own instead of the demo's")
    end = verbs.add_parser("down", help="end and remove everything but the caches it names")
    for verb in (go, end):
        verb.add_argument("--name", default=default_name(), help="the sandbox's name (default: the clone's own)")
    arguments = parser.parse_args()
    console = Console()
    try:
        if arguments.verb == "up":
            up(console, arguments.name, arguments.footage)
        else:
            take_down(console, ROOT, arguments.name)
    except DemoError as error:
        fail(str(error))
        return 1
    except KeyboardInterrupt:
        fail("interrupted; run the same command again to go on, or `make demo-down` to clear up")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
