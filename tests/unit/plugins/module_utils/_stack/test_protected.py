# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What refuses to be deleted is not replaced or removed: the old one would stay behind, in no stack."""

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RefusedError
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.types import LivingState

from tests.unit.plugins.module_utils._stack.case import NAME, apply
from tests.unit.plugins.module_utils._stack.fakes import FakeLiving

BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"


def template(name, **attributes):
    return {"Resources": {"Balancer": {"Type": BALANCER, "Properties": {"Name": name}, **attributes}}}


NOTHING = {"Resources": {"Other": {"Type": "AWS::SNS::Topic"}}}
OTHER_TYPE = {"Type": BALANCER, "Properties": {"Name": "a", "IpAddressType": "dualstack"}}


def run(stacks, clock, wanted, state, check_mode=False, **attributes):
    stacks.put(NAME, template=template("a", **attributes))
    stacks.left("Balancer", "CREATE_COMPLETE", BALANCER)
    return apply(stacks, clock, check_mode=check_mode, template=wanted, living=FakeLiving({"Balancer": state}))[0]


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize("wanted", [template("b"), NOTHING])
def test_what_protects_itself_is_told_before(stacks, clock, check_mode, wanted):
    with pytest.raises(RefusedError, match=f"Balancer \\({BALANCER} physical-Balancer\\)") as raised:
        run(stacks, clock, wanted, LivingState(protected=True), check_mode)
    assert raised.value.details["protected"] == [f"Balancer ({BALANCER} physical-Balancer)"]
    assert "with the former value first" in raised.value.message
    assert stacks.calls == []


@pytest.mark.parametrize(
    ("wanted", "state", "attributes"),
    [
        (template("b"), LivingState(), {}),
        (NOTHING, LivingState(), {}),
        (template("b"), None, {}),  # nobody looks at its type
        (template("b", UpdateReplacePolicy="Retain"), LivingState(protected=True), {}),
        (NOTHING, LivingState(protected=True), {"DeletionPolicy": "Retain"}),
        ({"Resources": {"Balancer": OTHER_TYPE}}, LivingState(protected=True), {}),  # changed in place
    ],
)
def test_what_does_not_is_changed(stacks, clock, wanted, state, attributes):
    assert run(stacks, clock, wanted, state, **attributes).changed
    assert stacks.calls == [("update", NAME)]
