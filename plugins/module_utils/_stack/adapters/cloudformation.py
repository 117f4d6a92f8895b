# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CloudFormation through boto3: a method for each API call, frozen dataclasses out, our own errors."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from ..._aws.api import ApiRefusedError, AwsClient, no_answer
from ..plannable import is_transformed
from ..types import (
    ChangeSet,
    DriftDetection,
    NothingToUpdateError,
    ResourceDrift,
    Reversal,
    StackBusyError,
    StackEvent,
    StackGoneError,
    StackRequest,
    StackResource,
    StackSnapshot,
    Template,
)
from .template_file import parse_template

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ..._errors import FastbreakError

# What an operation made that failed is removed again, also what deletion policies would keep.
_NOTHING_LEFT: dict[str, Any] = {"RetainExceptOnCreate": True}
_BUSY_CODES = {"AlreadyExistsException", "OperationInProgressException", "TokenAlreadyExistsException"}


class CloudFormation(AwsClient):
    """CloudFormation in an account and region."""

    label = "CloudFormation"

    def __init__(self, connect: Callable[[], Any]) -> None:
        super().__init__(connect)
        self._deleted = cache(self._look_for_deleted)

    @property
    def region(self) -> str:
        """The region that the client talks to."""
        name: str = self._client.meta.region_name
        return name

    def describe_stack(self, name: str) -> StackSnapshot | None:
        """The stack by name or id; None when there is none."""
        try:
            answer = self._on("read", name, "describe_stacks")
        except StackGoneError:
            return None
        if not answer.get("Stacks"):
            raise no_answer(self.label, f"read stack {name}", "an answer without a stack")
        return _snapshot(answer["Stacks"][0])

    def list_deleted_stacks(self, name: str) -> Sequence[str]:
        """The ids of the stacks of this name that were deleted in the last 90 days, the latest first.

        They are listed once, and again after a deletion.
        """
        return self._deleted(name)

    def _look_for_deleted(self, name: str) -> Sequence[str]:
        pages = self._pages(f"list earlier stacks {name}", "list_stacks", StackStatusFilter=["DELETE_COMPLETE"])
        found = [item for page in pages for item in page["StackSummaries"] if item["StackName"] == name]
        return [item["StackId"] for item in sorted(found, key=_deleted_at, reverse=True)]

    def describe_stack_events(self, stack_id: str) -> Iterator[StackEvent]:
        """The stack's history, newest first. Pages are read as far as the caller reads."""
        for page in self._pages_on("read the events of", stack_id, "describe_stack_events"):
            yield from map(_event, page["StackEvents"])

    def list_stack_resources(self, stack_id: str) -> Sequence[StackResource]:
        """The resources that the stack has, or had."""
        pages = self._pages_on("list the resources of", stack_id, "list_stack_resources")
        return [_resource(item) for page in pages for item in page["StackResourceSummaries"]]

    def get_template(self, name: str) -> Template:
        """The template as it was sent; as CloudFormation read it when transforms made another one of it."""
        sent = self._template(name, "Original")
        return self._template(name, "Processed") if is_transformed(sent) else sent

    def _template(self, name: str, stage: str) -> Template:
        answer = self._on("read the template of", name, "get_template", TemplateStage=stage)
        return parse_template(answer["TemplateBody"], f"The stored template of stack {name}")

    def get_stack_policy(self, name: str) -> Mapping[str, Any] | None:
        """The stack policy; None when there is none."""
        body = self._on("read the policy of", name, "get_stack_policy").get("StackPolicyBody")
        return json.loads(body) if body else None

    def create_stack(self, request: StackRequest, parameters: Mapping[str, str], token: str) -> None:
        """Start to create. What a failed creation made is removed again, also what deletion policies would keep."""
        extra: dict[str, Any] = {**_NOTHING_LEFT, "OnFailure": "ROLLBACK"}
        if request.termination_protection is not None:
            extra["EnableTerminationProtection"] = request.termination_protection
        if request.stack_policy is not None:
            extra["StackPolicyBody"] = json.dumps(request.stack_policy)
        self._on("create", request.name, "create_stack", **_arguments(request, parameters, token), **extra)

    def update_stack(self, request: StackRequest, parameters: Mapping[str, str], token: str) -> None:
        """Start to update. Raises `NothingToUpdateError` when CloudFormation finds nothing to do.

        What an update made that failed is removed again, as of a creation: its name would be taken for the next one.
        """
        self._on("update", request.name, "update_stack", **_arguments(request, parameters, token), **_NOTHING_LEFT)

    def list_imports(self, export: str) -> Sequence[str]:
        """The stacks that import what a stack exports."""
        try:
            pages = self._pages(f"list who imports {export}", "list_imports", ExportName=export)
            return [name for page in pages for name in page["Imports"]]
        except ApiRefusedError as error:
            if "not imported" in error.message:
                return []
            raise

    def delete_stack(self, name: str, token: str, retain: Sequence[str] = ()) -> None:
        """Start to delete; no error when there is none."""
        extra = {"RetainResources": list(retain)} if retain else {}
        self._on("delete", name, "delete_stack", ClientRequestToken=token, **extra)
        self._deleted.cache_clear()

    def continue_update_rollback(self, name: str, token: str, skip: Sequence[str] = ()) -> None:
        """Take up a rollback that failed, leaving what is to be skipped as it is."""
        extra = {"ResourcesToSkip": list(skip)} if skip else {}
        self._on("continue the rollback of", name, "continue_update_rollback", ClientRequestToken=token, **extra)

    def rollback_stack(self, name: str, token: str) -> None:
        """Roll back an update that failed and was left so."""
        self._on("roll back", name, "rollback_stack", ClientRequestToken=token, **_NOTHING_LEFT)

    def set_stack_policy(self, name: str, policy: Mapping[str, Any]) -> None:
        """Set what updates may do to which resources."""
        self._on("set the policy of", name, "set_stack_policy", StackPolicyBody=json.dumps(policy))

    def update_termination_protection(self, name: str, *, enabled: bool) -> None:
        """Turn termination protection on or off."""
        attempted = "turn on the termination protection of" if enabled else "turn off the termination protection of"
        self._on(attempted, name, "update_termination_protection", EnableTerminationProtection=enabled)

    def detect_stack_drift(self, name: str) -> str:
        """Start to compare the stack with what is there; the answer identifies the detection."""
        detection_id: str = self._on("detect the drift of", name, "detect_stack_drift")["StackDriftDetectionId"]
        return detection_id

    def describe_stack_drift_detection(self, detection_id: str) -> DriftDetection:
        """How far a detection is."""
        answer = self._call(
            "read a drift detection", "describe_stack_drift_detection_status", StackDriftDetectionId=detection_id
        )
        return DriftDetection(
            status=answer["DetectionStatus"],
            drift=answer.get("StackDriftStatus", ""),
            reason=answer.get("DetectionStatusReason", ""),
        )

    def describe_stack_resource_drifts(self, name: str) -> Sequence[ResourceDrift]:
        """The resources that were changed or deleted behind CloudFormation's back."""
        pages = self._pages_on(
            "read the drift of",
            name,
            "describe_stack_resource_drifts",
            StackResourceDriftStatusFilters=["MODIFIED", "DELETED"],
        )
        return [_drift(item) for page in pages for item in page["StackResourceDrifts"]]

    def create_drift_change_set(self, snapshot: StackSnapshot, change_set: str) -> None:
        """Start to compare the stack, as it was last deployed, with what is there."""
        self._on(
            "compare what is there with",
            snapshot.name,
            "create_change_set",
            ChangeSetName=change_set,
            DeploymentMode="REVERT_DRIFT",
            UsePreviousTemplate=True,
            Parameters=[{"ParameterKey": key, "UsePreviousValue": True} for key in snapshot.parameters],
            Capabilities=list(snapshot.capabilities),
        )

    def describe_change_set(self, name: str, change_set: str) -> ChangeSet:
        """How far a change set is, and what it would do."""
        pages = list(self._pages_on("read a change set of", name, "describe_change_set", ChangeSetName=change_set))
        if not pages:
            raise no_answer(self.label, f"read a change set of stack {name}", "no page")
        return ChangeSet(
            status=pages[0]["Status"],
            reason=pages[0].get("StatusReason", ""),
            reversals=tuple(_reversal(item["ResourceChange"]) for page in pages for item in page.get("Changes", [])),
        )

    def execute_change_set(self, name: str, change_set: str, token: str) -> None:
        """Start to do what the change set says."""
        self._on("repair the drift of", name, "execute_change_set", ChangeSetName=change_set, ClientRequestToken=token)

    def delete_change_set(self, name: str, change_set: str) -> None:
        """Give the change set up."""
        self._on("delete a change set of", name, "delete_change_set", ChangeSetName=change_set)

    def _on(self, attempted: str, name: str, operation: str, **arguments: Any) -> Any:
        """Call *operation* on a stack."""
        return self._call(f"{attempted} stack {name}", operation, StackName=name, **arguments)

    def _pages_on(self, attempted: str, name: str, operation: str, **arguments: Any) -> Iterator[Any]:
        """Every page that *operation* on a stack answers."""
        return self._pages(f"{attempted} stack {name}", operation, StackName=name, **arguments)

    def _call(self, attempted: str, operation: str, **arguments: Any) -> Any:
        """Call *operation*; refusals that are answers become what they mean."""
        try:
            return super()._call(attempted, operation, **arguments)
        except ApiRefusedError as error:
            raise _meaning(error) from error


def _deleted_at(summary: Mapping[str, Any]) -> float:
    moment = summary.get("DeletionTime")
    return float(moment.timestamp()) if moment else 0.0


def _meaning(error: ApiRefusedError) -> FastbreakError:
    text = error.message
    meanings: list[tuple[bool, Callable[[str], FastbreakError]]] = [
        (error.code == "ValidationError" and "does not exist" in text, StackGoneError),
        ("No updates are to be performed" in text, NothingToUpdateError),
        (error.code in _BUSY_CODES or "_IN_PROGRESS state" in text, StackBusyError),
    ]
    return next((kind(text) for applies, kind in meanings if applies), error)


def _arguments(request: StackRequest, parameters: Mapping[str, str], token: str) -> dict[str, Any]:
    arguments: dict[str, Any] = {
        "TemplateBody": request.template_text,
        "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        "Capabilities": list(request.capabilities),
        "ClientRequestToken": token,
    }
    if request.role_arn:
        arguments["RoleARN"] = request.role_arn
    if request.tags is not None:
        arguments["Tags"] = [{"Key": key, "Value": value} for key, value in request.tags.items()]
    return arguments


def _snapshot(stack: Mapping[str, Any]) -> StackSnapshot:
    return StackSnapshot(
        name=stack["StackName"],
        stack_id=stack["StackId"],
        status=stack["StackStatus"],
        status_reason=stack.get("StackStatusReason", ""),
        parameters={item["ParameterKey"]: item.get("ParameterValue", "") for item in stack.get("Parameters", [])},
        tags={item["Key"]: item["Value"] for item in stack.get("Tags", []) if not item["Key"].startswith("aws:")},
        outputs={item["OutputKey"]: item.get("OutputValue", "") for item in stack.get("Outputs", [])},
        termination_protection=bool(stack.get("EnableTerminationProtection", False)),
        resolved={
            item["ParameterKey"]: item["ResolvedValue"]
            for item in stack.get("Parameters", [])
            if "ResolvedValue" in item
        },
        capabilities=tuple(stack.get("Capabilities", [])),
    )


def _event(event: Mapping[str, Any]) -> StackEvent:
    return StackEvent(
        logical_id=event.get("LogicalResourceId", ""),
        resource_type=event.get("ResourceType", ""),
        status=event.get("ResourceStatus", ""),
        reason=event.get("ResourceStatusReason", ""),
        physical_id=event.get("PhysicalResourceId", ""),
        at=event["Timestamp"].timestamp(),
        token=event.get("ClientRequestToken", ""),
    )


def _resource(resource: Mapping[str, Any]) -> StackResource:
    return StackResource(
        logical_id=resource["LogicalResourceId"],
        resource_type=resource["ResourceType"],
        status=resource["ResourceStatus"],
        physical_id=resource.get("PhysicalResourceId", ""),
    )


_REPLACEMENTS = {"True": "yes", "Conditional": "maybe", "False": "no"}


def _reversal(change: Mapping[str, Any]) -> Reversal:
    action = change["Action"].lower()
    default = "no" if action in {"add", "remove"} else "unknown"
    return Reversal(
        logical_id=change["LogicalResourceId"],
        resource_type=change["ResourceType"],
        action=action,
        replacement=_REPLACEMENTS.get(change.get("Replacement", ""), default),
        physical_id=change.get("PhysicalResourceId", ""),
    )


def _drift(drift: Mapping[str, Any]) -> ResourceDrift:
    return ResourceDrift(
        logical_id=drift["LogicalResourceId"],
        resource_type=drift["ResourceType"],
        status=drift["StackResourceDriftStatus"],
        differences=tuple(
            (item["PropertyPath"], item.get("ExpectedValue", ""), item.get("ActualValue", ""))
            for item in drift.get("PropertyDifferences", [])
        ),
        physical_id=drift.get("PhysicalResourceId", ""),
    )
