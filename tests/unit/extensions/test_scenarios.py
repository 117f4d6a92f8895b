# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every molecule scenario can be run by molecule alone, and nearly every role has one."""

from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[3]
SCENARIOS = sorted(path.parent for path in (ROOT / "extensions" / "molecule").glob("*/molecule.yml"))
COMPONENTS = [path for path in SCENARIOS if (path / "molecule.yml").is_symlink()]
WITHOUT = {"publish"}
"""It builds an image from a git clone, which the integration tests do. This only gets shorter."""


def settings(scenario):
    return yaml.safe_load((scenario / "molecule.yml").read_text())


def test_every_role_has_a_scenario():
    roles = {path.name for path in (ROOT / "roles").iterdir()}
    assert {path.name for path in SCENARIOS} == roles - WITHOUT


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda path: path.name)
def test_molecule_finds_the_collection_and_the_inventory_by_itself(scenario):
    provisioner = settings(scenario)["provisioner"]
    given = {**provisioner["env"], **provisioner["inventory"]["links"]}
    for name in ("ANSIBLE_CONFIG", "ANSIBLE_COLLECTIONS_PATH", "hosts.yml", "group_vars"):
        assert Path(given[name].replace("${MOLECULE_SCENARIO_DIRECTORY}", str(scenario))).exists()
    assert given["ANSIBLE_STDOUT_CALLBACK"] == "ansible.builtin.default"


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda path: path.name)
def test_a_scenario_checks_applies_applies_again_verifies_and_ends_what_it_made(scenario):
    steps = settings(scenario)["scenario"]["test_sequence"]
    order = [step for step in steps if step in {"check", "converge", "idempotence", "verify"}]
    assert order == ["check", "converge", "idempotence", "verify"]
    assert steps[0] == steps[-1] == "destroy"
    assert (scenario / "verify.yml").is_file()


@pytest.mark.parametrize(
    "scenario", [path for path in SCENARIOS if (path / "molecule.yml").is_symlink()], ids=lambda path: path.name
)
def test_a_component_is_changed_too(scenario):
    assert settings(scenario)["scenario"]["test_sequence"][-2] == "side_effect"
    change = yaml.safe_load((SCENARIOS[0].parent / "shared" / "change.yml").read_text())[0]
    assert [name for name in change["vars"] if name.startswith(f"{scenario.name}_")]
