# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a stack of before has to be given first, for what runs on it, is asked for before anything is touched."""

import copy

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RefusedError

from tests.unit.plugins.module_utils._stack.case import NAME, apply

BEFORE = {
    "Parameters": {"Size": {"Type": "String"}},
    "Resources": {"Thing": {"Type": "Custom::Thing", "Properties": {"A": {"Ref": "Size"}}}},
}
SINCE = copy.deepcopy(BEFORE) | {
    "Metadata": {"Fastbreak": {"FirstValues": {"Apart": {"Value": "false", "Why": "Old ones run."}}}}
}
SINCE["Parameters"]["Apart"] = {"Type": "String"}
SINCE["Resources"]["Thing"]["Properties"]["B"] = {"Ref": "Apart"}


def run(stacks, clock, apart, *, check_mode=False):
    given = {"Size": "s", "Apart": apart}
    wanted = {"template": SINCE, "parameters": given, "sources": {"Apart": "things_apart"}}
    return apply(stacks, clock, check_mode=check_mode, **wanted)[0]


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_stack_of_before_is_not_given_the_last_value_at_once(stacks, clock, check_mode):
    stacks.put(NAME, template=BEFORE, parameters={"Size": "s"})
    with pytest.raises(RefusedError, match=r"things_apart is true.* Old ones run\. Set things_apart to false and prov"):
        run(stacks, clock, "true", check_mode=check_mode)
    assert stacks.calls == []


def test_it_gets_there_by_the_first_value(stacks, clock):
    stacks.put(NAME, template=BEFORE, parameters={"Size": "s"})
    assert run(stacks, clock, "false").changed
    assert run(stacks, clock, "true").changed
    assert stacks.calls == [("update", NAME), ("update", NAME)]


def test_a_new_stack_has_the_last_value_from_the_start(stacks, clock):
    assert run(stacks, clock, "true").changed
    assert stacks.calls == [("create", NAME)]
