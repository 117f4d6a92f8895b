# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""CloudFormation through boto3: one method an API call, frozen dataclasses out, our own errors."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeVar

from .._core.stack_types import (
    NothingToUpdateError,
    StackBusyError,
    StackEvent,
    StackRequest,
    StackResource,
    StackSnapshot,
    Template,
)
from .._errors import CredentialsError, FastbreakError, OperationError, RequestError, UnavailableError
from .stack_template import parse_template

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

try:
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError

    HAS_BOTOCORE = True
except ImportError:
    HAS_BOTOCORE = False

#: For botocore's ``Config``: throttled and failed calls are tried again, later and later.
RETRIES = {"mode": "standard", "max_attempts": 10}
#: What CloudFormation takes of a template in the request itself.
TEMPLATE_LIMIT_BYTES = 51_200

_CREDENTIAL_CODES = {
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
_BUSY_CODES = {"AlreadyExistsException", "OperationInProgressException", "TokenAlreadyExistsException"}
_DENIED_CODES = {"AccessDenied", "AccessDeniedException"}
_THROTTLING_CODES = {"Throttling", "ThrottlingException", "RequestLimitExceeded"}
Result = TypeVar("Result")


class CloudFormation:
    """The CloudFormation of one account and region."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.region: str = client.meta.region_name

    def describe_stack(self, name: str) -> StackSnapshot | None:
        """The stack by name or id; None when there is none."""
        try:
            answer = self._call("describe", name, lambda: self._client.describe_stacks(StackName=name))
        except _NoSuchStackError:
            return None
        return _snapshot(answer["Stacks"][0])

    def describe_stack_events(self, stack_id: str, since: float) -> Sequence[StackEvent]:
        """Events not older than ``since`` (seconds since the epoch), newest first."""

        def read() -> list[StackEvent]:
            events: list[StackEvent] = []
            for page in self._client.get_paginator("describe_stack_events").paginate(StackName=stack_id):
                found = [_event(item) for item in page["StackEvents"]]
                events += [event for event in found if event.at >= since]
                if any(event.at < since for event in found):
                    break
            return events

        return self._call("read the events of", stack_id, read)

    def describe_stack_resources(self, stack_id: str) -> Sequence[StackResource]:
        """The resources that the stack has, or had."""

        def read() -> list[StackResource]:
            pages = self._client.get_paginator("list_stack_resources").paginate(StackName=stack_id)
            return [_resource(item) for page in pages for item in page["StackResourceSummaries"]]

        return self._call("list the resources of", stack_id, read)

    def get_template(self, name: str) -> Template:
        """The template as it was sent."""
        answer = self._call(
            "read the template of", name, lambda: self._client.get_template(StackName=name, TemplateStage="Original")
        )
        return parse_template(answer["TemplateBody"], f"The stored template of stack {name}")

    def get_stack_policy(self, name: str) -> Mapping[str, Any] | None:
        """The stack policy; None when there is none."""
        answer = self._call("read the policy of", name, lambda: self._client.get_stack_policy(StackName=name))
        body = answer.get("StackPolicyBody")
        return json.loads(body) if body else None

    def create_stack(self, request: StackRequest, parameters: Mapping[str, str], token: str) -> None:
        """Start to create. What a failed creation made is removed again, also what deletion policies would keep."""
        extra: dict[str, Any] = {"RetainExceptOnCreate": True, "OnFailure": "ROLLBACK"}
        if request.termination_protection is not None:
            extra["EnableTerminationProtection"] = request.termination_protection
        if request.stack_policy is not None:
            extra["StackPolicyBody"] = json.dumps(request.stack_policy)
        arguments = {**_arguments(request, parameters, token), **extra}
        self._call("create", request.name, lambda: self._client.create_stack(**arguments))

    def update_stack(self, request: StackRequest, parameters: Mapping[str, str], token: str) -> None:
        """Start to update. Raises `NothingToUpdateError` when CloudFormation finds nothing to do."""
        arguments = _arguments(request, parameters, token)
        self._call("update", request.name, lambda: self._client.update_stack(**arguments))

    def delete_stack(self, name: str, token: str) -> None:
        """Start to delete; no error when there is none."""
        self._call("delete", name, lambda: self._client.delete_stack(StackName=name, ClientRequestToken=token))

    def continue_update_rollback(self, name: str, token: str) -> None:
        """Take up a rollback that failed."""
        self._call(
            "continue the rollback of",
            name,
            lambda: self._client.continue_update_rollback(StackName=name, ClientRequestToken=token),
        )

    def set_stack_policy(self, name: str, policy: Mapping[str, Any]) -> None:
        """Set what updates may do to which resources."""
        body = json.dumps(policy)
        self._call(
            "set the policy of", name, lambda: self._client.set_stack_policy(StackName=name, StackPolicyBody=body)
        )

    def update_termination_protection(self, name: str, *, enabled: bool) -> None:
        """Turn termination protection on or off."""
        self._call(
            "set the termination protection of",
            name,
            lambda: self._client.update_termination_protection(StackName=name, EnableTerminationProtection=enabled),
        )

    def _call(self, attempted: str, name: str, call: Callable[[], Result]) -> Result:
        if not HAS_BOTOCORE:
            raise UnavailableError("The Python library boto3, which talks to AWS, is not installed.")
        try:
            return call()
        except ClientError as reason:
            raise _refusal(reason, attempted, name) from reason
        except (NoCredentialsError, PartialCredentialsError) as reason:
            raise CredentialsError(
                f"Tried to {attempted} stack {name}, but found no usable AWS credentials ({reason}). "
                "Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
            ) from reason
        except BotoCoreError as reason:
            raise UnavailableError(
                f"Tried to {attempted} stack {name}, but CloudFormation could not be asked: {reason}. "
                "Check the network, the region and AWS_ENDPOINT_URL, then run again."
            ) from reason


class _NoSuchStackError(FastbreakError):
    """CloudFormation knows no stack of that name."""


def _refusal(reason: Any, attempted: str, name: str) -> FastbreakError:
    code, text = reason.response["Error"].get("Code", ""), reason.response["Error"].get("Message", "")
    tried = f"Tried to {attempted} stack {name}, but"
    answers: list[tuple[bool, FastbreakError]] = [
        (code == "ValidationError" and "does not exist" in text, _NoSuchStackError(f"{tried} there is no such stack.")),
        ("No updates are to be performed" in text, NothingToUpdateError(f"{tried} there is nothing to update.")),
        (code in _BUSY_CODES or "_IN_PROGRESS state" in text, StackBusyError(f"{tried} it is being worked on: {text}")),
        (
            code in _CREDENTIAL_CODES,
            CredentialsError(f"{tried} AWS refused the credentials ({code}: {text}). Renew them, then run again."),
        ),
        (
            code in _THROTTLING_CODES,
            UnavailableError(f"{tried} AWS throttled it {RETRIES['max_attempts']} times in a row. Run again later."),
        ),
        (code in _DENIED_CODES, OperationError(f"{tried} these credentials may not: {text}", code=code)),
    ]
    refused = OperationError(f"{tried} CloudFormation refused ({code}): {text}", code=code)
    return next((error for applies, error in answers if applies), refused)


def _arguments(request: StackRequest, parameters: Mapping[str, str], token: str) -> dict[str, Any]:
    size = len(request.template_text.encode())
    if size > TEMPLATE_LIMIT_BYTES:
        raise RequestError(
            f"The template of stack {request.name} has {size} bytes; CloudFormation takes {TEMPLATE_LIMIT_BYTES} "
            "at most. Split the stack."
        )
    arguments: dict[str, Any] = {
        "StackName": request.name,
        "TemplateBody": request.template_text,
        "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        "Capabilities": list(request.capabilities),
        "ClientRequestToken": token,
    }
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
