# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filters are those that are documented, and tell errors as Ansible's."""

from pathlib import Path

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.fastbreak.aws.plugins.filter import (
    companions,
    connections,
    gates,
    releases,
    runs,
    stacks,
    texts,
)

FOLDER = Path(__file__).parents[4] / "plugins" / "filter"
FILTERS = {
    name: made
    for file in (companions, connections, gates, releases, runs, stacks, texts)
    for name, made in file.FilterModule().filters().items()
}


def test_every_filter_is_documented_under_its_name():
    documented = {path.stem: yaml.safe_load(path.read_text()) for path in FOLDER.glob("*.yml")}
    assert documented.keys() == FILTERS.keys()
    assert all(page["DOCUMENTATION"]["name"] == name for name, page in documented.items())


def test_filters_answer_as_the_functions_behind_them():
    assert FILTERS["stack_name"]("rds", "dev") == "fastbreak-dev-rds"
    assert FILTERS["stack_names"](["rds"], environment="dev") == {"rds": "fastbreak-dev-rds"}
    assert FILTERS["component_outputs"]({"fastbreak-dev-rds": {"outputs": {"A": "1"}}}, ["rds"], "dev") == {
        "rds": {"A": "1"}
    }


def test_an_error_of_ours_is_a_filter_error():
    with pytest.raises(AnsibleFilterError, match="which is no list"):
        FILTERS["stack_names"]("network", "dev")
