# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guard judges the order of an inventory's components, and of nothing else."""

from collections.abc import Mapping

import pytest
from ansible.errors import AnsibleUndefinedVariable
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.plugin_utils._possible_order import insist_on_possible_order


class Undefined(Mapping):
    """Variables of a host of which none can be resolved."""

    def __getitem__(self, name):
        raise AnsibleUndefinedVariable("'nonsense' is undefined")

    def __iter__(self):
        return iter(["fastbreak_depends_on"])

    def __len__(self):
        return 1

    def __contains__(self, name):
        return name == "fastbreak_depends_on"


def judged(hosts, groups=None):
    insist_on_possible_order({"hostvars": hosts, "groups": {"components": list(hosts)} if groups is None else groups})


@pytest.mark.parametrize(
    ("hosts", "groups"),
    [
        ({}, {}),
        ({"web": {}}, {"all": ["web"]}),
        ({"network": {}, "rds": {"fastbreak_depends_on": ["network"]}, "bootstrap": {}}, None),
        # Hosts of somebody else's, in no group of ours.
        ({"rds": {"fastbreak_depends_on": 5}, "network": {}}, {"all": ["rds", "network"]}),
    ],
)
def test_an_order_that_can_be_and_hosts_of_others(hosts, groups):
    judged(hosts, groups)


@pytest.mark.parametrize(
    ("hosts", "words"),
    [
        ({"rds": {}, "network": {}}, "rds reads network, which stands below it"),
        ({"mine": {"fastbreak_depends_on": ["mine"]}}, "none could be made before the others"),
        ({"mine": {"fastbreak_depends_on": "other"}}, "is 'other', which is no list"),
        ({"network": Undefined()}, "fastbreak_depends_on of network cannot be resolved: 'nonsense' is undefined"),
    ],
)
def test_an_order_that_cannot_be(hosts, words):
    with pytest.raises(RequestError, match=r"^Nothing was touched") as raised:
        judged(hosts)
    assert words in raised.value.message


def test_no_variables_are_no_order():
    insist_on_possible_order({})
