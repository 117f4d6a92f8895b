# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""GitHub's workflows: thin, pinned, without rights that they do not need. zizmor and GitHub's schema are linters."""

import re

import pytest
import yaml

from tests.unit.docs.test_commands import known_variables
from tools.files import ROOT
from tools.lock import OLDEST_PYTHON
from tools.suite import STAGES

FOLDER = ROOT / ".github" / "workflows"
TEXTS = {path.stem: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.yml"))}
# YAML reads the key `on` as true.
WORKFLOWS = {name: yaml.safe_load(text) for name, text in TEXTS.items()}
STEPS = [
    (f"{name}: {job}: {step['name']}", step)
    for name, workflow in WORKFLOWS.items()
    for job, body in workflow["jobs"].items()
    for step in body.get("steps", [])
]
RUNS = [(where, step["run"]) for where, step in STEPS if "run" in step]
STAND_INS = {
    "actions/checkout": "the clone that the tests run in",
    "actions/setup-python": "the Python of tools/bootstrap",
    "actions/cache": "what the machine has downloaded before",
}
PLAYBOOK = re.compile(r"playbooks/\w+\.yml")
OF_ANSIBLE = {"deployed_by", "version", "page"}
PAGE = (ROOT / "docs" / "workflows.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_grants_nothing_by_itself_and_runs_no_code_of_forks_with_secrets(name):
    assert WORKFLOWS[name]["permissions"] == {}
    assert "pull_request_target" not in TEXTS[name]
    assert "secrets." not in TEXTS[name] or name == "galaxy"


def test_the_only_secret_is_in_the_step_that_publishes_the_collection():
    holding = [where for where, step in STEPS if "secrets." in str(step)]
    assert holding == ["galaxy: publish: Publish"]
    assert TEXTS["galaxy"].count("secrets.") == 1


def test_each_stage_has_a_lane():
    stages = [stage.name for stage in STAGES if not stage.apart]
    jobs = WORKFLOWS["ci"]["jobs"]
    assert sorted([*jobs["stage"]["strategy"]["matrix"]["stage"], "sanity"]) == sorted(stages)
    lanes = [name for name in jobs if name != "all"]
    assert jobs["all"]["needs"] == lanes
    assert f"'{' '.join(['success'] * len(lanes))}'" in TEXTS["ci"]


def test_sanity_runs_on_what_is_supported():
    matrix = WORKFLOWS["ci"]["jobs"]["sanity"]["strategy"]["matrix"]
    oldest = yaml.safe_load((ROOT / "meta/runtime.yml").read_text())["requires_ansible"].removeprefix(">=")
    newest = re.search(r"^ansible-core==(\d+\.\d+)\.", (ROOT / "requirements.lock").read_text(), re.MULTILINE)[1]
    first, last = (int(text.split(".")[1]) for text in (oldest, newest))
    assert matrix["core"] == [f"2.{minor}" for minor in range(first, last + 1)]
    assert matrix["python"][0] == OLDEST_PYTHON


@pytest.mark.parametrize("name", WORKFLOWS)
def test_one_run_at_a_time(name):
    assert WORKFLOWS[name]["concurrency"]["group"]


@pytest.mark.parametrize("name", WORKFLOWS)
def test_an_action_is_pinned_and_noted_with_its_tag_and_has_a_stand_in(name):
    used = re.findall(r"uses: (.*)", TEXTS[name])
    for action in used:
        if action.startswith("$/.github/workflows/"):
            assert (ROOT / action.removeprefix("$/")).is_file()
            continue
        pinned = re.fullmatch(r"([\w/-]+)@[0-9a-f]{40} # v\d+\.\d+\.\d+", action)
        assert pinned, action
        assert pinned[1] in STAND_INS


@pytest.mark.parametrize(("where", "text"), RUNS)
def test_a_step_is_a_command_with_nothing_of_github_filled_in(where, text):
    assert "${{" not in text, where
    for playbook in PLAYBOOK.findall(text):
        assert (ROOT / playbook).is_file(), where
        read = (ROOT / playbook).read_text(encoding="utf-8")
        for name in re.findall(r'-e "?(\w+)=', text):
            assert name in known_variables() | OF_ANSIBLE, where
            assert name.startswith("site_release_") or f"guard_takes: [{name}" in read or f", {name}" in read, where


@pytest.mark.parametrize("name", WORKFLOWS)
def test_only_a_workflow_deploys_as_github(name):
    deploys = re.findall(r"playbooks/(?:deploy|publish_site)\.yml.*", TEXTS[name].replace("\\\n", ""))
    assert all("-e deployed_by=github" in command for command in deploys)


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_job_that_acts_in_an_account_is_of_an_environment(name):
    for job in WORKFLOWS[name]["jobs"].values():
        if "steps" in job and job["permissions"].get("id-token") == "write":
            assert job["environment"]
            # The collection's release signs with its token and acts in no account.
            assert name == "galaxy" or job["env"]["AWS_ROLE_ARN"].startswith("${{ vars.")


@pytest.mark.parametrize("name", WORKFLOWS)
def test_the_page_says_what_a_workflow_does_and_what_it_reads(name):
    assert f"`{name}.yml`" in PAGE
    for variable in re.findall(r"vars\.(\w+)", TEXTS[name]):
        assert f"`{variable}`" in PAGE
