# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Change sets that bring resources back to their template: `DeploymentMode=REVERT_DRIFT`.

The engine compares a template with its own records. For these it is told what is there instead of what it wrote down,
so that an update finds the difference and a deleted resource is recreated.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any

from sandbox.ministack import changesets, cloudformation, drift, handlers, provisioners
from sandbox.side_table import Record, SideTable


@dataclass
class Comparison:
    """What a change set found, by logical id; the mode is empty for one that does not look at resources."""

    mode: str = ""
    found: dict[str, Record] = field(default_factory=dict)


def _holds_change_set(change_set: Record) -> bool:
    return any(held is change_set for held in cloudformation._change_sets.all_values())


_COMPARISONS = SideTable(itemgetter("ChangeSetId"), _holds_change_set, Comparison)
forget = _COMPARISONS.clear
_MODES = {"REVERT_DRIFT"}


def install() -> None:
    """Let change sets see drift."""
    actions = cloudformation._ACTION_HANDLERS
    actions["CreateChangeSet"] = _comparing(actions["CreateChangeSet"])
    actions["DescribeChangeSet"] = _describing(actions["DescribeChangeSet"])
    actions["ExecuteChangeSet"] = _reverting(actions["ExecuteChangeSet"])


def _comparing(create: Callable[[Record], Any]) -> Callable[[Record], Any]:
    def create_change_set(parameters: Record) -> Any:
        mode = handlers._p(parameters, "DeploymentMode")
        if mode and mode not in _MODES:
            return handlers._error(
                "ValidationError", f"Value '{mode}' at 'deploymentMode' failed to satisfy constraint"
            )
        answer = create(parameters)
        if not mode or answer[0] >= 400:
            return answer
        _, change_set = changesets._find_change_set(
            handlers._p(parameters, "ChangeSetName"), handlers._p(parameters, "StackName")
        )
        stack = handlers._resolve_stack(change_set["StackId"])
        found = {item["LogicalResourceId"]: item for item in _drifted(stack)}
        changed = {item["ResourceChange"]["LogicalResourceId"] for item in change_set["Changes"]}
        added = [_change(stack, item) for name, item in found.items() if name not in changed]
        comparison = _COMPARISONS.of(change_set)
        comparison.mode, comparison.found = mode, found
        change_set["Changes"] = [*change_set["Changes"], *added]
        if change_set["Changes"]:
            change_set.update(Status="CREATE_COMPLETE", ExecutionStatus="AVAILABLE", StatusReason="")
        return answer

    return create_change_set


def _describing(describe: Callable[[Record], Any]) -> Callable[[Record], Any]:
    def describe_change_set(parameters: Record) -> Any:
        status, headers, body = describe(parameters)
        _, change_set = changesets._find_change_set(
            handlers._p(parameters, "ChangeSetName"), handlers._p(parameters, "StackName")
        )
        comparison = _COMPARISONS.of(change_set) if change_set else Comparison()
        if not comparison.mode:
            return status, headers, body
        text = body.decode()
        for name, item in comparison.found.items():
            member = f"<LogicalResourceId>{name}</LogicalResourceId>"
            told = f"<ResourceDriftStatus>{item['StackResourceDriftStatus']}</ResourceDriftStatus>"
            text = text.replace(member, member + told)
        mode = f"<DeploymentMode>{comparison.mode}</DeploymentMode></DescribeChangeSetResult>"
        return status, headers, text.replace("</DescribeChangeSetResult>", mode).encode()

    return describe_change_set


def _reverting(execute: Callable[[Record], Any]) -> Callable[[Record], Any]:
    def execute_change_set(parameters: Record) -> Any:
        _, change_set = changesets._find_change_set(
            handlers._p(parameters, "ChangeSetName"), handlers._p(parameters, "StackName")
        )
        executable = change_set and change_set["ExecutionStatus"] == "AVAILABLE"
        if executable:
            records = handlers._resolve_stack(change_set["StackId"])["_resources"]
            for name, item in _COMPARISONS.of(change_set).found.items():
                if item["StackResourceDriftStatus"] == "DELETED":
                    records.pop(name, None)
                else:
                    records[name]["Properties"] = _actual(records[name]["Properties"], item)
        return execute(parameters)

    return execute_change_set


def _drifted(stack: Record) -> Iterator[Record]:
    moment = datetime.now(UTC).isoformat()
    for logical_id, record in stack.get("_resources", {}).items():
        if drift.supports_drift(record.get("ResourceType", "")):
            found = drift.detect_resource_drift(stack, logical_id, record, moment)
            if found["StackResourceDriftStatus"] in {"MODIFIED", "DELETED"}:
                yield found


def _change(stack: Record, found: Record) -> Record:
    """What happens to a resource only because it drifted."""
    name, kind = found["LogicalResourceId"], found["ResourceType"]
    change = {"LogicalResourceId": name, "ResourceType": kind, "PhysicalResourceId": found["PhysicalResourceId"]}
    if found["StackResourceDriftStatus"] == "DELETED":
        return {"ResourceChange": {**change, "Action": "Add"}}
    properties = stack["_resources"][name]["Properties"]
    replaces = provisioners._requires_replacement(kind, _actual(properties, found), properties)
    details = [
        {
            "Target": {"Attribute": "Properties", "Name": path, "RequiresRecreation": "Never"},
            "Evaluation": "Static",
            "ChangeSource": "NoModification",
        }
        for path in sorted({item["PropertyPath"].split("/")[1] for item in found["PropertyDifferences"]})
    ]
    return {
        "ResourceChange": {
            **change,
            "Action": "Modify",
            "Replacement": "True" if replaces else "False",
            "Scope": ["Properties"],
            "Details": details,
        }
    }


def _actual(properties: Record, found: Record) -> Record:
    """The properties as they are: those that drift detection reads from the resource, the others as they were set."""
    expected: Record = json.loads(found["ExpectedProperties"])
    actual: Record = json.loads(found["ActualProperties"])
    if "Tags" in expected:
        actual["Tags"] = _with_lost(expected["Tags"], actual.get("Tags"))
    return {name: thing for name, thing in properties.items() if name not in expected} | actual


def _with_lost(expected: Any, actual: Any) -> Any:
    """A resource's tags, with those that it lost as empty ones.

    The engine adds the stack's own tags to what it takes for the resource's, and would find nothing to do.
    """
    if isinstance(expected, dict):
        return {**dict.fromkeys(expected, ""), **(actual or {})}
    left = {tag["Key"] for tag in actual or []}
    return [*(actual or []), *({"Key": tag["Key"], "Value": ""} for tag in expected if tag["Key"] not in left)]
