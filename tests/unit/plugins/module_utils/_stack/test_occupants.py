# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A zone less is refused while anything of others lives in its subnets."""

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RefusedError

from tests.unit.plugins.module_utils._stack.case import NAME, apply
from tests.unit.plugins.module_utils._stack.fakes import FakeLiving

SUBNET = "AWS::EC2::Subnet"
LODGERS = {"Third": ["eni-1 (ELB app/fastbreak-dev/1)", "eni-2 (RDSNetworkInterface)"]}


def zones(*names):
    return {"Resources": {name: {"Type": SUBNET, "Properties": {"CidrBlock": name}} for name in names}}


def stand(stacks):
    stacks.put(NAME, template=zones("First", "Third"))
    for name in ("First", "Third"):
        stacks.left(name, "CREATE_COMPLETE", SUBNET)


@pytest.mark.parametrize("check_mode", [True, False])
def test_what_lives_in_a_subnet_that_goes_is_told_before(stacks, clock, check_mode):
    stand(stacks)
    with pytest.raises(RefusedError) as raised:
        apply(stacks, clock, check_mode=check_mode, template=zones("First"), living=FakeLiving(lodgers=LODGERS))
    words = raised.value.message
    assert f"in Third ({SUBNET} physical-Third) live eni-1 (ELB app/fastbreak-dev/1), eni-2 (RDS" in words
    assert "teardown.yml -e confirm=" in words
    assert stacks.calls == []


@pytest.mark.parametrize(
    ("template", "lodgers"),
    [
        (zones("First"), {}),  # nobody lives there
        (zones("First"), {"First": LODGERS["Third"]}),  # who lives elsewhere stops nothing
        (zones("First", "Third", "Fourth"), LODGERS),  # nothing goes
    ],
)
def test_what_nobody_lives_in_may_go(stacks, clock, template, lodgers):
    stand(stacks)
    result, _said = apply(stacks, clock, template=template, living=FakeLiving(lodgers=lodgers))
    assert result.changed
    assert stacks.calls == [("update", NAME)]
