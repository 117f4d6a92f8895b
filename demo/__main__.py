# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What `make demo` (up) and `make demo-down` (down) run once the virtual environments stand, and a token for prod."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from demo.console import Console, DemoError, fail
from demo.down import show_down, take_down
from demo.job import MainJob
from demo.steps import Demo
from demo.summary import summarise
from sandbox.state import default_name, version

ROOT = Path(__file__).resolve().parent.parent


def up(console: Console, sandbox: str, footage: Path | None, strategy: str) -> None:
    """Run the main job; raises DemoError at the first step that cannot be done."""
    demo = Demo(console, ROOT, sandbox)
    with console.step("a", "Docker engine and base images"):
        demo.prepare()
    with console.step("b", "Sandbox: an emulated AWS with two accounts"):
        demo.start_sandbox()
        job = MainJob(console, demo.connect("dev"), demo.connect("prod"), footage or demo.footage())
    good, bad = job.release_in_dev(strategy)
    job.release_in_prod(good, bad)
    report = demo.logs / "report.html"
    job.write_report(report)
    summarise(demo, job, good, report)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__, allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"demo of fastbreak {version()}")
    verbs = parser.add_subparsers(dest="verb", required=True)
    go = verbs.add_parser("up", help="run the main job, every step safe to repeat")
    go.add_argument("--footage", type=Path, help="a video of your own instead of the demo's")
    go.add_argument(
        "--bad-by", default="", metavar="STRATEGY", help="deploy the bad release to dev by this strategy, not by dev's"
    )
    token = verbs.add_parser("token", help="give prod's gates what they ask for tokens with, and print a token")
    end = verbs.add_parser("down", help="end and remove everything but the caches it names")
    end.add_argument("--dry-run", action="store_true", help="list what would be removed, and remove nothing")
    for verb in (go, token, end):
        verb.add_argument("--name", default=default_name(), help="the sandbox's name (default: the clone's own)")
    arguments = parser.parse_args()
    console = Console()
    try:
        if arguments.verb == "up":
            up(console, arguments.name, arguments.footage, arguments.bad_by)
        elif arguments.verb == "token":
            print(Demo(console, ROOT, arguments.name).token())
        elif arguments.dry_run:
            show_down(console, ROOT, arguments.name)
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
