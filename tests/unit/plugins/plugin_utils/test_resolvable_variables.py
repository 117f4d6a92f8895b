# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A variable that refers to what is not there is named before any component is worked on."""

import pytest
from ansible.errors import AnsibleUndefinedVariable
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.plugin_utils._resolvable_variables import insist_on_resolvable


class Hosts(dict):
    """Variables by host; a template with ``nonsense`` in it cannot be resolved, and any asked for is noted."""

    def __init__(self, **hosts):
        super().__init__({name: Variables(own) for name, own in hosts.items()})

    def raw_get(self, host):
        return dict(self[host].items())


class Variables(dict):
    def __getitem__(self, name):
        value = super().__getitem__(name)
        if "nonsense" in str(value):
            raise AnsibleUndefinedVariable("'nonsense' is undefined")
        return value


def judged(hosts, **groups):
    insist_on_resolvable({"hostvars": hosts, "groups": groups or {"components": list(hosts)}})


WRONG = ["{{ nonsense }}", ["a", "{{ nonsense }}"], {"a": {"b": ["{{ nonsense }}"]}}, "{% if nonsense %}a{% endif %}"]


@pytest.mark.parametrize("value", WRONG)
@pytest.mark.parametrize("name", ["rds_multi_az", "fastbreak_tags"])
def test_a_variable_is_named_with_what_it_lacks(name, value):
    with pytest.raises(RequestError) as raised:
        judged(Hosts(network={}, rds={name: value}))
    assert raised.value.message.startswith(f"Nothing was touched. {name} cannot be resolved: 'nonsense' is undefined.")


def test_what_all_hosts_share_is_told_once():
    shared = {"fastbreak_tags": "{{ nonsense }}"}
    with pytest.raises(RequestError) as raised:
        judged(Hosts(network=shared, rds=shared))
    assert raised.value.message.count("fastbreak_tags") == 1


@pytest.mark.parametrize(
    "hosts",
    [
        Hosts(),
        Hosts(rds={"rds_multi_az": "{{ known }}", "fastbreak_tags": {"A": "b"}, "rds_port": 5, "rds_none": None}),
        # Of somebody else, or of another component, whose own host is judged.
        Hosts(rds={"mine": "{{ nonsense }}", "ecs_internal": "{{ nonsense }}"}),
        # No template, so that there is nothing to resolve.
        Hosts(rds={"rds_database_name": "nonsense"}),
    ],
)
def test_what_resolves_or_is_nobodys_business(hosts):
    judged(hosts)


def test_hosts_of_others_and_no_hosts_at_all():
    judged(Hosts(rds={"rds_multi_az": "{{ nonsense }}"}), all=["rds"])
    insist_on_resolvable({})
