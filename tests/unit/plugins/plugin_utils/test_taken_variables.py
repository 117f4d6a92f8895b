# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a playbook is told and does not take is refused, where it would have been ignored."""

import re
from pathlib import Path

import pytest
import yaml
from ansible_collections.fastbreak.aws.plugins.module_utils._common.variable_names import TOLD
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.plugin_utils._taken_variables import insist_on_taken

PLAYBOOKS = Path(__file__).parents[4] / "playbooks"
GUARDED = sorted(path for path in PLAYBOOKS.glob("*.yml") if path.name != "guard.yml")


@pytest.mark.parametrize("value", ["1.4.2", ["1.4.2"], {"a": 1}, False, 0])
@pytest.mark.parametrize("takes", [[], ["repair"]])
def test_what_is_not_taken_is_named(value, takes):
    with pytest.raises(RequestError, match="does not take -e version, and would have ignored it"):
        insist_on_taken({"version": value}, takes)


@pytest.mark.parametrize(
    ("given", "takes"),
    [
        ({}, []),
        ({"version": "1.4.2"}, ["version"]),
        ({"version": "1.4.2"}, None),
        ({"version": ""}, []),
        ({"version": None}, []),
        ({"rds_multi_az": True, "mine": 1}, []),
    ],
)
def test_what_is_taken_empty_or_somebody_elses(given, takes):
    insist_on_taken(given, takes)


def test_who_publishes_is_told_how_to_call_the_release():
    with pytest.raises(RequestError, match=r"-e publish_version=1\.4\.2"):
        insist_on_taken({"version": "1.4.2"}, [])


@pytest.mark.parametrize("path", GUARDED, ids=lambda path: path.stem)
def test_each_playbook_takes_what_it_reads(path):
    """A variable that it reads, or that the roles of its components read, and no other."""
    plays = yaml.safe_load(path.read_text())
    takes = plays[0]["vars"]["guard_takes"]
    assert set(takes) <= set(TOLD)
    words = set(re.findall(r"\w+", " ".join(_templates(plays[1:]))))
    if path.stem in {"site", "bootstrap"}:
        reads = PLAYBOOKS.parent / "plugins" / "module_utils" / "_stack" / "component_options.py"
        words |= set(re.findall(r"\w+", reads.read_text()))
    read = {name for name in TOLD if name in words}
    assert set(takes) == read
    for play in plays[1:]:
        if "ansible.builtin.import_playbook" in play:
            assert play["vars"]["guard_takes"] == takes


def _templates(value):
    if isinstance(value, dict):
        for key, item in value.items():
            yield from [item] if key == "that" and isinstance(item, str) else _templates(item)
    elif isinstance(value, list):
        for item in value:
            yield from _templates(item)
    elif isinstance(value, str) and "{{" in value:
        yield value
