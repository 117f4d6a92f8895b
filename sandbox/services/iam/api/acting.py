# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""CloudFormation acts with the rights of a stack's service role, or of whoever operates the stack.

AWS: CloudFormation user guide, service role. The role stays the stack's: later operations use it without passing it.
"""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from sandbox.identity import may, principal_of
from sandbox.ministack import handlers, iam_evaluator, responses, stacks
from sandbox.services.cloudformation.model.service_role import role_of
from sandbox.services.iam.model.call import Call
from sandbox.services.iam.model.passing import passed_by_type
from sandbox.services.iam.model.stack_actions import Change, action_of, resource_of

_principal: ContextVar[Any] = ContextVar("fastbreak_stack_principal", default=None)
_OPERATES = frozenset(
    {"CreateStack", "UpdateStack", "DeleteStack", "ExecuteChangeSet", "ContinueUpdateRollback", "RollbackStack"}
)
Types = Callable[..., Any]


def install() -> None:
    """Ask before a resource of a stack is made, changed or removed."""
    stacks._provision_resource = _creating(stacks._provision_resource)
    stacks._update_resource = _updating(stacks._update_resource)
    stacks._delete_resource = _deleting(stacks._delete_resource)


def remember(call: Call, key: str) -> None:
    """Whose rights count in what this request starts."""
    if call.service != "cloudformation" or call.action not in {*_OPERATES, "CreateChangeSet"}:
        return
    account = responses.get_account_id()
    stack = None if call.action == "CreateStack" else handlers._resolve_stack(str(call.fields.get("StackName") or ""))
    role = str(call.fields.get("RoleARN") or "") or (role_of(stack).arn if stack else "")
    _principal.set(_role(role) if role else iam_evaluator.resolve_principal(key or "", account))


def _role(arn: str) -> Any:
    account, name = arn.split(":")[4], arn.rpartition("/")[2]
    return principal_of(f"arn:aws:sts::{account}:assumed-role/{name}/AWSCloudFormation")


def _creating(create: Types) -> Types:
    def provision(kind: str, logical_id: str, properties: Any, stack_name: str) -> Any:
        _require(
            Change(kind=kind, operation="create", properties=properties, stack_name=stack_name, logical_id=logical_id)
        )
        return create(kind, logical_id, properties, stack_name)

    return provision


def _updating(update: Types) -> Types:
    def update_resource(  # noqa: PLR0913, PLR0917 - MiniStack's signature
        kind: str, physical_id: str, old: Any, new: Any, stack_name: str, logical_id: str | None = None, *rest: Any
    ) -> Any:
        if old != new:
            _require(
                Change(
                    kind=kind,
                    operation="update",
                    properties=new,
                    stack_name=stack_name,
                    logical_id=logical_id or "",
                    physical_id=physical_id,
                )
            )
        return update(kind, physical_id, old, new, stack_name, logical_id, *rest)

    return update_resource


def _deleting(delete: Types) -> Types:
    def delete_resource(
        kind: str, physical_id: str, properties: Any, stack_name: str | None = None, logical_id: str | None = None
    ) -> Any:
        _require(
            Change(
                kind=kind,
                operation="delete",
                properties=properties or {},
                stack_name=stack_name or "",
                logical_id=logical_id or "",
                physical_id=physical_id or "",
            )
        )
        return delete(kind, physical_id, properties, stack_name, logical_id)

    return delete_resource


def _require(change: Change) -> None:
    """ValueError in CloudFormation's words unless the principal may."""
    principal = _principal.get()
    if (
        principal is None
        or getattr(principal, "policies", None) is None
        or change.kind.startswith("AWS::CloudFormation")
    ):
        return
    region = responses.get_region()
    boundary = change.properties.get("PermissionsBoundary")
    context = {"iam:permissionsboundary": boundary} if boundary else {}
    needed = [(action_of(change.kind, change.operation), resource_of(change, region, principal.account), context)]
    if change.operation != "delete":
        passed = passed_by_type(change.kind, change.properties)
        needed += [("iam:PassRole", role, {"iam:passedtoservice": service}) for role, service in passed]
    for action, resource, keys in needed:
        _require_action(principal, action, resource, keys)


def _require_action(principal: Any, action: str, resource: str, keys: dict[str, Any]) -> None:
    if not may(principal, action, resource, keys):
        raise ValueError(
            f'Resource handler returned message: "User: {principal.arn} is not authorized to perform: {action} on '
            f"resource: {resource} because no identity-based policy allows the {action} action "
            f'(Status Code: 403)" (HandlerErrorCode: AccessDenied)'
        )
