# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""An order of components in which some would wait in vain, or be deleted under others, is refused in words."""

from pathlib import Path

import pytest
import yaml
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.component_order import (
    TEMPLATES_READ,
    dependants,
    order_problem,
)
from hypothesis import given
from hypothesis import strategies as st

ROOT = Path(__file__).parents[5]
ANY = st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.lists(st.none() | st.integers(), max_size=2)
NAMES = st.sampled_from([*TEMPLATES_READ, "mine", "other"])


def test_the_readers_of_a_component():
    reads = {"network": [], "rds": ["network"], "ecs": ["network"], "mine": ["network"], "service": ["rds", "ecs"]}
    assert dependants(reads, "network") == ["rds", "ecs", "mine", "appsync", "cloudwatch", "restore"]
    assert dependants(reads, "rds") == ["service", "cloudwatch", "backup", "restore"]
    assert dependants(reads, "service") == ["restore"]


def test_an_inventory_that_says_nothing_hides_no_reader():
    assert dependants({"network": [], "rds": None}, "network") == ["rds", "ecs", "appsync", "cloudwatch", "restore"]
    assert dependants({"network": []}, "network") == ["rds", "ecs", "appsync", "cloudwatch", "restore"]


@pytest.mark.parametrize(
    ("depends_on", "words"),
    [
        (None, "no mapping"),
        ([], "no mapping"),
        ({"rds": 5}, "is 5, which is no list"),
        ({"rds": True}, "is True, which is no list"),
        ({"rds": {"network": 1}}, "no list"),
        ({"network": [], "rds": "network"}, "fastbreak_depends_on of rds is 'network', which is no list"),
        ({"network": None, "rds": ["nowhere"]}, "rds names 'nowhere', which is no component of the inventory"),
        ({"network": [], "rds": [1, None]}, "rds names 1, which is no component"),
        ({"network": [], "rds": [["network"]]}, "rds names ['network'], which is no component"),
        ({"network": [], "rds": [{"a": 1}]}, "which is no component"),
        ({"rds": ["network"], "network": []}, "rds reads network, which stands below it"),
        ({"rds": [], "network": []}, "rds reads network, which stands below it"),
        ({"mine": ["other"], "other": []}, "mine reads other, which stands below it"),
        ({"network": [], "rds": ["rds"]}, "rds, which reads rds: none could be made"),
        ({"mine": ["other"], "other": ["mine"]}, "none could be made before the others"),
        ({"a": ["b"], "b": ["c"], "c": ["a"]}, "none could be made before the others"),
        ({"network": ["rds"], "rds": []}, "none could be made before the others"),
    ],
)
def test_an_order_that_cannot_be_is_told_with_its_names(depends_on, words):
    assert words in order_problem(depends_on)
    with pytest.raises(RequestError, match="Tried to find what reads network"):
        dependants(depends_on, "network")


def test_a_circle_is_told_as_it_is_read():
    told = order_problem({"a": ["b"], "b": ["c"], "c": ["a"]})
    assert any(f"{first}, which reads {second}" in told for first, second in ("ab", "bc", "ca"))
    assert not any(f"{first}, which reads {second}" in told for first, second in ("ba", "cb", "ac"))


@given(st.dictionaries(NAMES, st.lists(NAMES, max_size=3) | ANY, max_size=6))
def test_an_order_is_refused_or_it_can_be_made_from_above(depends_on):
    if order_problem(depends_on):
        return
    made = set()
    for name, read in depends_on.items():
        assert set(read or []) <= made
        assert set(TEMPLATES_READ.get(name, ())) & set(depends_on) <= made
        made.add(name)


@pytest.mark.parametrize("inventory", sorted(path.parent.name for path in ROOT.glob("inventories/*/hosts.yml")))
def test_the_order_of_our_own_inventories_is_right(inventory):
    hosts = yaml.safe_load((ROOT / "inventories" / inventory / "hosts.yml").read_text())["components"]["hosts"]
    assert order_problem({name: (own or {}).get("fastbreak_depends_on") for name, own in hosts.items()}) == ""


def test_what_the_templates_read_is_what_their_roles_hand_in():
    read = {}
    for path in ROOT.glob("roles/*/files/stack.yaml"):
        tasks = yaml.safe_load((path.parents[1] / "tasks" / "main.yml").read_text())
        given = tasks[0]["vars"].get("stack_parameters", {}).values()
        read[path.parents[1].name] = {value["component"] for value in given if "component" in value}
    assert set(TEMPLATES_READ) == set(read), "TEMPLATES_READ in _stack/component_order.py lacks a component, or has one"
    assert all(names <= set(TEMPLATES_READ[component]) for component, names in read.items())


def test_every_playbook_begins_with_the_guard():
    for path in (ROOT / "playbooks").glob("*.yml"):
        first = yaml.safe_load(path.read_text())[0]
        assert path.name == "guard.yml" or first["ansible.builtin.import_playbook"] == "guard.yml", path.name
