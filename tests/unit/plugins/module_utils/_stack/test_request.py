# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a module's options to a request."""

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.request import build_request
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.types import ListenerRules, OutputReference, WhenMade

OPTIONS = {
    "name": "fastbreak-dev-rds",
    "parameters": {},
    "tags": None,
    "termination_protection": None,
    "stack_policy": None,
    "capabilities": [],
    "timeout_seconds": 60,
    "depends_on": {},
    "needed_by": {},
    "consent": [],
    "sources": {},
    "unprotect": [],
    "retain": [],
    "skip_rollback": [],
    "domain_names": [],
    "listener_rules": None,
}


def built(**options):
    return build_request({**OPTIONS, **options}, {"Resources": {}}, "{}")


def test_values_become_what_cloudformation_takes():
    parameters = {"List": ["a", 1], "Flag": True, "Count": 3, "Default": None, "Text": "x", "Empty": ""}
    assert built(parameters=parameters).parameters == {
        "List": "a,1",
        "Flag": "true",
        "Count": "3",
        "Text": "x",
        "Empty": "",
    }


def test_a_reference_is_recognised():
    parameters = {"V": {"component": "network", "output": "VpcId"}}
    assert built(parameters=parameters).parameters == {"V": OutputReference("network", "VpcId")}


def test_a_value_for_a_stack_that_is_made_is_recognised():
    (value,) = built(parameters={"V": {"when_made": True}}).parameters.values()
    assert isinstance(value, WhenMade)
    assert value == "true"


def test_tags_given_and_not_given():
    assert built().tags is None
    assert built(tags={"n": 1}).tags == {"n": "1"}


ROLE = "arn:aws:iam::111111111111:role/fastbreak-dev-cloudformation"


def test_a_service_role_is_optional_and_has_to_be_a_roles_arn():
    assert built().role_arn == built(role_arn="").role_arn == built(role_arn=None).role_arn == ""
    assert built(role_arn=ROLE).role_arn == ROLE
    for wrong in ("fastbreak-dev-cloudformation", ROLE.replace("role", "user"), f"{ROLE} ", f"{ROLE}*"):
        with pytest.raises(RequestError, match="role_arn of stack fastbreak-dev-rds"):
            built(role_arn=wrong)


def test_rules_that_are_to_move_are_known_by_their_tags():
    rules = {"production": "P", "plain": "Q", "tags": {"n": 1}}
    assert built(listener_rules=rules).listener_rules == ListenerRules("P", "Q", {"n": "1"})
    assert built().listener_rules is None


@pytest.mark.parametrize(
    "options",
    [
        {"name": "has_underscore"},
        {"name": ""},
        {"name": "a" * 129},
        {"timeout_seconds": 0},
        {"parameters": {"P": {"component": "network"}}},
        {"parameters": {"P": {}}},
        {"listener_rules": {"production": "P", "plain": "Q", "tags": {}}},
    ],
)
def test_what_cannot_be_right_is_refused(options):
    with pytest.raises(RequestError):
        built(**options)
