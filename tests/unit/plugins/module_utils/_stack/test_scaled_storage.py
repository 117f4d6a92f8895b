# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What RDS scaled by itself is no less afterwards, and that is said before anything is touched."""

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RefusedError
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.types import LivingState

from tests.unit.plugins.module_utils._stack.case import NAME, apply
from tests.unit.plugins.module_utils._stack.fakes import FakeLiving

DATABASE = "AWS::RDS::DBInstance"
TEMPLATE = {
    "Parameters": {"Least": {"Type": "Number"}, "Most": {"Type": "Number"}, "Class": {"Type": "String"}},
    "Resources": {
        "Database": {
            "Type": DATABASE,
            "Properties": {
                "AllocatedStorage": {"Ref": "Least"},
                "MaxAllocatedStorage": {"Ref": "Most"},
                "DBInstanceClass": {"Ref": "Class"},
            },
        }
    },
}
STOOD = {"Least": "20", "Most": "50", "Class": "db.t4g.micro"}
SOURCES = {"Least": "rds_allocated_storage_gib", "Most": "rds_max_allocated_storage_gib"}


def run(stacks, clock, has, check_mode, **given):
    stacks.put(NAME, template=TEMPLATE, parameters=STOOD)
    stacks.left("Database", "CREATE_COMPLETE", DATABASE)
    living = FakeLiving({"Database": None if has is None else LivingState(storage_gib=has)})
    wanted = {"template": TEMPLATE, "parameters": STOOD | given, "sources": SOURCES}
    return apply(stacks, clock, check_mode=check_mode, living=living, **wanted)[0]


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"Least": "30"}, r"45 GiB by now, and AllocatedStorage would be 30; it has to be 45 at least.*rds_allocated_"),
        ({"Most": "49"}, r"MaxAllocatedStorage would be 49; it has to be 50 at least.* It comes of rds_max_allocated_"),
        ({"Least": "44", "Most": "49"}, r"AllocatedStorage would be 44.*MaxAllocatedStorage would be 49"),
    ],
)
def test_less_than_there_is_now_is_refused(stacks, clock, check_mode, given, words):
    with pytest.raises(RefusedError, match=words):
        run(stacks, clock, 45, check_mode, **given)
    assert stacks.calls == []


@pytest.mark.parametrize(
    ("has", "given"),
    [
        (45, {"Least": "45"}),
        (45, {"Least": "46", "Most": "100"}),
        (45, {"Class": "db.m7g.large"}),  # the storage is not sent
        (20, {"Most": "30"}),
        (None, {"Least": "30"}),  # gone, or nobody can say
        (0, {"Least": "30"}),
    ],
)
def test_as_much_or_more_is_planned(stacks, clock, has, given):
    assert run(stacks, clock, has, True, **given).changed
