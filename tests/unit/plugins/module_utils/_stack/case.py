# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stack to apply and to remove, as most tests of the flows need it."""

from ansible_collections.fastbreak.aws.plugins.module_utils._stack.apply import apply_stack, remove_stack
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.types import StackRequest

from tests.unit.plugins.module_utils._stack.fakes import ports_of

NAME = "fastbreak-dev-rds"
TEMPLATE = {
    "Parameters": {"Size": {"Type": "String", "Default": "small"}},
    "Resources": {"R": {"Type": "T", "Properties": {"Size": {"Ref": "Size"}}}},
    "Outputs": {"Id": {"Value": {"Ref": "R"}}},
}


def request(**fields):
    return StackRequest(**{"name": NAME, "template": TEMPLATE, "template_text": "{}", **fields})


def put(stacks, status="CREATE_COMPLETE", **fields):
    """Have the stack stand."""
    stacks.put(NAME, status, TEMPLATE, parameters={"Size": "small"}, outputs={"Id": "id-1"}, **fields)


def apply(stacks, clock, run=None, check_mode=False, living=None, **fields):
    """The result, and the lines that were said."""
    ports, said = ports_of(stacks, clock, run, living)
    return apply_stack(request(**fields), ports, check_mode), said


def remove(stacks, clock, check_mode=False, run=None, living=None, **fields):
    ports, _said = ports_of(stacks, clock, run, living)
    return remove_stack(request(**fields), ports, check_mode)
