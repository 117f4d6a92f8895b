# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which test runs each command of the documentation, and which commands no test runs, with the reason."""

import subprocess

import pytest

from tests.unit.docs.test_commands import COMMANDS, TARGETS, playbook_of, variables_of, words_of
from tools.files import ROOT

PROVISION = "tests/integration/provision/test_provision.py"
JOB = "tests/e2e/test_main_job.py"
RUN_OF_JOB = "tests/e2e/conftest.py"
SITE = "extensions/molecule/site_release"
DEMO = "demo/environment.py"
"""What the demo starts, `tests/e2e` runs, since that test runs the demo."""
SUITE = "tools/suite.py"

RUN = {
    "make architecture": (SUITE, '"architecture"'),
    "make bench-gates": ("tests/unit/benchmarks/test_gates.py", "main(["),
    "make build": ("tests/packaging/conftest.py", "build("),
    "make console": ("service/tests/support/console.py", 'command("build"'),
    "make cost": ("tests/unit/benchmarks/cost/test_stacks.py", "main([])"),
    "make demo": (RUN_OF_JOB, '"demo", "up"'),
    "make environment": ("tests/unit/tools/test_environments.py", 'command.main(["create"'),
    "make help": ("tests/unit/docs/test_covered.py", 'subprocess.run(["make"'),
    "make images": (SUITE, "tools.images"),
    "make lint": (SUITE, '"lint"'),
    "make molecule": (SUITE, '"molecule"'),
    "make sandbox-down": (RUN_OF_JOB, '"sandbox", "down"'),
    "make sandbox-up": ("tests/integration/provision/conftest.py", 'sandbox_command("up"'),
    "make sanity": (SUITE, '"sanity"'),
    "make setup": (".ci/run", "make setup"),
    "make unit": (SUITE, '"unit"'),
    "python -m benchmarks.cost": ("tests/unit/benchmarks/cost/test_stacks.py", "main(words)"),
    "python -m benchmarks.gates": ("tests/unit/benchmarks/test_gates.py", "main(["),
    "python -m benchmarks.league": ("tests/unit/benchmarks/test_league.py", 'main(["--cpu-seconds"'),
    "python -m benchmarks.releases": ("tests/unit/benchmarks/test_releases_results.py", 'main(["--print"'),
    "python -m demo": (JOB, '"demo", "token"'),
    "python -m sandbox down": ("tests/sandbox/conftest.py", 'command("down"'),
    "python -m sandbox env": (RUN_OF_JOB, '"sandbox", "env"'),
    "python -m sandbox up|down|status|reset|logs|env": ("tests/sandbox/conftest.py", '"sandbox", *arguments'),
    "python -m tools.console": ("tests/unit/tools/test_console.py", 'console.main(["test"])'),
    "python -m tools.environments": ("tests/unit/tools/test_environments.py", "command.main("),
    "python -m tools.images": (SUITE, "tools.images"),
    "python -m tools.lint": (SUITE, "tools.lint"),
    "python -m tools.release_collection": ("tests/unit/tools/test_release_collection.py", "main(["),
    "site.yml": (DEMO, "'site.yml'"),
    "site.yml --check": (PROVISION, 'run("--check"'),
    "site.yml --limit": (PROVISION, '"--limit", "rds"'),
    "playbooks/deploy.yml -e version": (DEMO, "playbooks/deploy.yml"),
    "playbooks/deploy.yml -e version -e result_file": (JOB, "result_file="),
    "playbooks/deploy.yml -e version --check": (JOB, '("deploy", "--check")'),
    "playbooks/promote.yml -e version --check": (JOB, '("promote", "--check")'),
    "playbooks/approve.yml -e version -e answer": ("tests/unit/roles/test_approve.py", '"answer=yes"'),
    "playbooks/approve.yml -e version -e answer -e comment": ("tests/unit/roles/test_approve.py", "'comment="),
    "playbooks/bootstrap.yml": (PROVISION, "playbooks/bootstrap.yml"),
    "playbooks/drift.yml": (PROVISION, "playbooks/drift.yml"),
    "playbooks/drift.yml -e repair": (PROVISION, '"repair=true"'),
    "playbooks/history.yml": (JOB, '"history"'),
    "playbooks/history.yml -e page": (JOB, '"history"'),
    "playbooks/judge.yml": (DEMO, "playbooks/judge.yml"),
    "playbooks/letters.yml": (JOB, "playbooks/letters.yml"),
    "playbooks/letters.yml -e verb -e ids": (JOB, '"verb=forget"'),
    "playbooks/promote.yml -e version": (DEMO, "playbooks/promote.yml"),
    "playbooks/publish.yml": (DEMO, "playbooks/publish.yml"),
    "playbooks/publish.yml -e publish_source": ("extensions/molecule/publish/converge.yml", "publish_source"),
    "playbooks/publish_site.yml -e site_release_source": (JOB, '"publish_site"'),
    "playbooks/publish_site.yml -e site_release_source --check": (f"{SITE}/molecule.yml", "check"),
    "playbooks/publish_site.yml -e site_release_source -e version": (JOB, '"publish_site"'),
    "playbooks/rollback_site.yml": (f"{SITE}/change.yml", "site_release_state: rolled_back"),
    "playbooks/rollback_site.yml -e version": (JOB, '"rollback_site"'),
    "playbooks/rollback.yml": (JOB, '("rollback",'),
    "playbooks/rollback.yml --check": (JOB, '("rollback", "--check")'),
    "playbooks/restore.yml": (JOB, "playbooks/restore.yml"),
    "playbooks/restore.yml --check": (JOB, '"--check", *moment'),
    "playbooks/restore.yml -e time": (JOB, '"time=latest"'),
    "playbooks/restore.yml -e time -e then -e confirm": (JOB, '"then=take_over"'),
    "playbooks/rotate.yml": (JOB, "playbooks/rotate.yml"),
    "playbooks/smoke.yml": (JOB, '("smoke",'),
    "playbooks/teardown.yml -e confirm": (PROVISION, "playbooks/teardown.yml"),
}
"""A command's shape to the file that runs it, and to words there that say so."""

BY_HAND = {
    "make bench-delivery": "takes 45 minutes; its values have unit tests, and `make pipeline` runs the steps",
    "make bench-promotion": "takes 25 minutes; tests/integration/benchmarks runs its parts",
    "make bench-provision": "needs the AWS CLI and the CDK",
    "make bench-site": "takes 20 minutes; its parts have unit tests",
    "make bench-service": "takes an hour; service/tests/test_mutants.py sends some of each kind",
    "make bench-vision": "fetches MediaPipe and takes minutes; what it makes of cameras is tested in service/tests",
    "make bench-releases": "takes hours; its values, its load and what stands in for the service have unit tests",
    "make changelog": "writes into the clone; its program has unit tests",
    "make check": "is what a developer runs; its stages are run one by one",
    "make clean-caches": "asks at the terminal; its program has unit tests",
    "make demo-down": "ends the demo of the clone; tests/e2e ends a sandbox of its own",
    "make engine-stop": "would stop the engine that other tests need",
    "make format": "writes into the clone; the linters hold its result",
    "make pipeline": "takes minutes; tests/sandbox/services/codepipeline runs the pipeline with a stand-in of Ansible",
    "make lock": "asks a package index; its program has unit tests",
    "make recorded-calls": "writes into the clone; the tests that it runs are run without it",
    "make test": "is what runs the tests",
    "playbooks/deploy.yml -e version -e ecs_rollout_force_new_deployment": "tests/integration/rollout runs the module",
    "playbooks/deploy.yml -e version -e ecs_rollout_stop_serving": "tests/integration/rollout runs the module",
    "playbooks/rollback.yml -e version": "tests/integration/rollout runs the module",
}
"""A command's shape to the reason why no test runs it."""

PLACEHOLDERS = {"COMMAND", "tools.NAME", "pre-commit", "pytest", "sh"}
"""Commands of developers that stand for any other."""


def shape(command: str) -> str:
    """What is run, without the values that a user gives, the inventory, and what only changes the output."""
    program, *words = words_of(command)
    if program == "make":
        return f"make {words[0]}"
    if program == "python":
        return " ".join([program, *words[: 3 if words[1] == "sandbox" else 2]])
    options: list[str] = []
    playbook = ""
    while words:
        word = words.pop(0)
        if word in {"-i", "--forks"}:
            words.pop(0)
        elif word == "-e":
            options += [f"-e {name}" for name in variables_of(words.pop(0))]
        elif word == "--limit":
            words.pop(0)
            options.append(word)
        elif word == "--check":
            options.append(word)
        elif not word.startswith("-"):
            playbook = str(playbook_of(word).relative_to(ROOT))
    name = "site.yml" if playbook == "playbooks/site.yml" else playbook
    return " ".join([name, *sorted(options, key=lambda option: (option == "--check", option.startswith("-e")))])


SHAPES = sorted({shape(text) for _page, text in COMMANDS if not PLACEHOLDERS & set(words_of(text))})


@pytest.mark.parametrize("command", SHAPES)
def test_a_command_is_run_by_a_test_or_named_as_run_by_none(command: str) -> None:
    assert (command in RUN) != (command in BY_HAND), f"no test is known to run: {command}"


@pytest.mark.parametrize("command", sorted(RUN))
def test_the_test_that_runs_a_command_is_there(command: str) -> None:
    path, words = RUN[command]
    assert words in (ROOT / path).read_text(encoding="utf-8")


def test_nothing_is_listed_that_no_page_shows() -> None:
    assert sorted({*RUN, *BY_HAND} - set(SHAPES)) == []


def test_a_target_of_make_that_is_listed_is_there() -> None:
    assert {name.split()[1] for name in {*RUN, *BY_HAND} if name.startswith("make ")} <= TARGETS


def test_help_lists_every_target() -> None:
    told = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    # A make that this suite is started by tells the one here to say which folder it enters.
    commands = [line.split()[1] for line in told.splitlines() if line.startswith("  make ")]
    assert sorted(commands) == sorted(TARGETS)
