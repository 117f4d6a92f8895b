# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Stacks for contract tests: made, changed and removed as a user of CloudFormation would."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

Resources = dict[str, Any]


@dataclass(frozen=True)
class Stack:
    """One stack; every call waits until CloudFormation has settled."""

    api: Any
    name: str

    def create(self, resources: Resources, outputs: Resources | None = None, **options: Any) -> str:
        """Create it; the status it ends in."""
        self.api.create_stack(StackName=self.name, TemplateBody=body(resources, outputs), **_options(options))
        return self.settle()

    def update(self, resources: Resources, outputs: Resources | None = None, **options: Any) -> str:
        """Update it; the status it ends in."""
        self.api.update_stack(StackName=self.name, TemplateBody=body(resources, outputs), **_options(options))
        return self.settle()

    def delete(self) -> str:
        """Delete it; the status it ends in."""
        stack_id = self.describe()["StackId"]
        self.api.delete_stack(StackName=self.name)
        return self.settle(stack_id)

    def settle(self, name: str = "") -> str:
        """The status, once it is no longer in progress."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            status = str(self.describe(name)["StackStatus"])
            if not status.endswith("IN_PROGRESS"):
                return status
            time.sleep(0.05)
        raise AssertionError(f"stack {self.name} has not settled")

    def describe(self, name: str = "") -> Any:
        return self.api.describe_stacks(StackName=name or self.name)["Stacks"][0]

    def outputs(self) -> dict[str, str]:
        return {output["OutputKey"]: output["OutputValue"] for output in self.describe().get("Outputs", [])}

    def physical_id(self, logical_id: str) -> str:
        found = self.api.describe_stack_resource(StackName=self.name, LogicalResourceId=logical_id)
        return str(found["StackResourceDetail"]["PhysicalResourceId"])

    def reasons(self) -> str:
        """The reasons of everything that failed, and of every rollback."""
        events = self.api.describe_stack_events(StackName=self.name)["StackEvents"]
        return "\n".join(event.get("ResourceStatusReason", "") for event in events)

    def drift(self) -> dict[str, str]:
        """Drift status by logical id; fails when the detection does."""
        detection = self.api.detect_stack_drift(StackName=self.name)["StackDriftDetectionId"]
        status = self.api.describe_stack_drift_detection_status(StackDriftDetectionId=detection)
        assert status["DetectionStatus"] == "DETECTION_COMPLETE", status
        found = self.api.describe_stack_resource_drifts(StackName=self.name)["StackResourceDrifts"]
        return {item["LogicalResourceId"]: item["StackResourceDriftStatus"] for item in found}

    def drifted_properties(self, logical_id: str) -> list[str]:
        """The paths that have drifted."""
        found = self.api.describe_stack_resource_drifts(StackName=self.name)["StackResourceDrifts"]
        differences = next(item for item in found if item["LogicalResourceId"] == logical_id).get(
            "PropertyDifferences", []
        )
        return sorted(difference["PropertyPath"] for difference in differences)


@contextmanager
def stack_in(sandbox: Any, name: str, account: str = "dev") -> Iterator[Stack]:
    """A stack that is deleted when the test ends, unless the test did so."""
    stack = Stack(sandbox.client("cloudformation", account), name)
    try:
        yield stack
    finally:
        if _exists(stack):
            stack.api.update_termination_protection(StackName=name, EnableTerminationProtection=False)
            stack.delete()


def _exists(stack: Stack) -> bool:
    found = stack.api.list_stacks()["StackSummaries"]
    return any(item["StackName"] == stack.name and item["StackStatus"] != "DELETE_COMPLETE" for item in found)


def body(resources: Resources, outputs: Resources | None = None) -> str:
    """A template."""
    return json.dumps(
        {
            "AWSTemplateFormatVersion": "2010-09-09",
            "Resources": resources,
            "Outputs": {name: {"Value": value} for name, value in (outputs or {}).items()},
        }
    )


def _options(options: dict[str, Any]) -> dict[str, Any]:
    return {"Capabilities": ["CAPABILITY_NAMED_IAM"], **options}


def ref(name: str) -> dict[str, str]:
    return {"Ref": name}


def att(name: str, attribute: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [name, attribute]}


def with_properties(resources: dict[str, Any], logical_id: str, **properties: Any) -> dict[str, Any]:
    """The resources, one of them with other properties."""
    resource = resources[logical_id]
    return {**resources, logical_id: {**resource, "Properties": {**resource["Properties"], **properties}}}
