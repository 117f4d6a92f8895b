# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every molecule scenario can be run by molecule alone, and every role has one with every step."""

from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[3]
SCENARIOS = sorted(path.parent for path in (ROOT / "extensions" / "molecule").glob("*/molecule.yml"))
COMPONENTS = [path for path in SCENARIOS if (path / "molecule.yml").is_symlink()]
STEPS = ["check", "converge", "idempotence", "verify", "side_effect"]
"""What a role shows of itself, in this order; molecule calls a change a side effect."""


def settings(scenario):
    return yaml.safe_load((scenario / "molecule.yml").read_text())


def test_every_role_has_a_scenario():
    roles = {path.name for path in (ROOT / "roles").iterdir()}
    # A restored copy is tried beside a living service, which a whole environment has: tests/e2e.
    assert {path.name for path in SCENARIOS} == roles - {"restore"}


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda path: path.name)
def test_molecule_finds_the_collection_and_the_inventory_by_itself(scenario):
    provisioner = settings(scenario)["provisioner"]
    given = {**provisioner["env"], **provisioner["inventory"]["links"]}
    for name in ("ANSIBLE_CONFIG", "ANSIBLE_COLLECTIONS_PATH", "hosts.yml", "group_vars"):
        assert Path(given[name].replace("${MOLECULE_SCENARIO_DIRECTORY}", str(scenario))).exists()
    assert given["ANSIBLE_STDOUT_CALLBACK"] == "ansible.builtin.default"


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda path: path.name)
def test_a_scenario_checks_applies_applies_again_verifies_changes_and_ends_what_it_made(scenario):
    steps = settings(scenario)["scenario"]["test_sequence"]
    assert [step for step in steps if step in STEPS] == STEPS
    assert steps[0] == steps[-1] == "destroy"
    assert steps.index("side_effect") < steps.index("destroy", 1)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda path: path.name)
def test_molecule_passes_over_no_step_for_want_of_a_playbook(scenario):
    """A step without a playbook is a warning in molecule, and no failure."""
    read = settings(scenario)
    playbooks = {"verify": "verify.yml", **read["provisioner"]["playbooks"]}
    # To check and to apply again is to run the same playbook.
    named = {"check": "converge", "idempotence": "converge"}
    for step in read["scenario"]["test_sequence"]:
        plays = yaml.safe_load((scenario / playbooks[named.get(step, step)]).read_text())
        # A play may be another playbook's.
        assert any(play.get("tasks") for play in plays), step


@pytest.mark.parametrize("scenario", COMPONENTS, ids=lambda path: path.name)
def test_a_component_is_changed_in_an_input_of_its_own(scenario):
    change = yaml.safe_load((SCENARIOS[0].parent / "shared" / "change.yml").read_text())[0]
    assert [name for name in change["vars"] if name.startswith(f"{scenario.name}_")]


@pytest.mark.parametrize("scenario", [path for path in SCENARIOS if path not in COMPONENTS], ids=lambda path: path.name)
def test_what_is_no_component_is_changed_by_its_role(scenario):
    change = yaml.safe_load((scenario / "change.yml").read_text())
    roles = str([task for play in change for task in play["tasks"]])
    assert f"fastbreak.aws.{scenario.name}'" in roles
    assert "assert" in roles
