# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""CloudFormation's type of CloudTrail."""

from typing import Any

from tests.sandbox.stacks import Stack, with_properties


def test_a_trail_is_made_changed_and_deleted(stack: Stack, sandbox: Any) -> None:
    sandbox.client("s3").create_bucket(Bucket="trail-records")
    properties = {
        "TrailName": "calls",
        "S3BucketName": "trail-records",
        "IsLogging": True,
        "IsMultiRegionTrail": True,
        "EnableLogFileValidation": True,
    }
    resources = {"Trail": {"Type": "AWS::CloudTrail::Trail", "Properties": properties}}
    assert stack.create(resources) == "CREATE_COMPLETE", stack.reasons()
    cloudtrail = sandbox.client("cloudtrail")
    [trail] = cloudtrail.describe_trails(trailNameList=["calls"])["trailList"]
    assert (trail["IsMultiRegionTrail"], trail["LogFileValidationEnabled"]) == (True, True)
    assert stack.drift()["Trail"] == "IN_SYNC"
    cloudtrail.stop_logging(Name="calls")
    assert stack.drift()["Trail"] == "MODIFIED"
    assert stack.drifted_properties("Trail") == ["/IsLogging"]
    changed = with_properties(resources, "Trail", IncludeGlobalServiceEvents=False)
    assert stack.update(changed) == "UPDATE_COMPLETE", stack.reasons()
    assert cloudtrail.get_trail_status(Name="calls")["IsLogging"]
    assert stack.delete() == "DELETE_COMPLETE"
    assert cloudtrail.describe_trails(trailNameList=["calls"])["trailList"] == []
