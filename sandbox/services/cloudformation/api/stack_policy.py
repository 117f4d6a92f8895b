# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Stack policies: what `SetStackPolicy` forbids, an update does not do."""

from collections.abc import Callable, Iterable
from typing import Any

from sandbox.ministack import cloudformation, handlers, provisioners, stacks
from sandbox.services.cloudformation.model.stack_policy import override_of, policy_of, refusal

Stack = dict[str, Any]


def install() -> None:
    """Ask the policy before a resource is changed, replaced or removed."""
    stacks._update_resource = _guarded(stacks._update_resource)
    stacks._fail_property_validation = _validated(stacks._fail_property_validation)
    actions = cloudformation._ACTION_HANDLERS
    actions["UpdateStack"] = _remembering_override(actions["UpdateStack"])


def _guarded(update: Callable[..., Any]) -> Callable[..., Any]:
    def update_resource(  # noqa: PLR0913, PLR0917 - MiniStack's signature
        kind: str, physical_id: str, old: Any, new: Any, stack_name: str, logical_id: str | None = None, *rest: Any
    ) -> Any:
        stack = cloudformation._stacks.get(stack_name) or {}
        if old != new and stack.get("StackStatus") == "UPDATE_IN_PROGRESS":
            replaces = provisioners._requires_replacement(kind, old, new)
            action = "Update:Replace" if replaces else "Update:Modify"
            if reason := refusal(policy_of(stack), action, logical_id or physical_id, kind):
                raise ValueError(reason)
        return update(kind, physical_id, old, new, stack_name, logical_id, *rest)

    return update_resource


def _validated(fail: Callable[..., bool]) -> Callable[..., bool]:
    """Before an update starts, MiniStack validates it: the place to refuse removals."""

    def fail_property_validation(
        stack: Stack, stack_id: str, stack_name: str, definitions: Stack, *rest: Any, **keywords: Any
    ) -> bool:
        previous_stack = keywords.get("previous_stack")
        known = (previous_stack or {}).get("_resources", {})
        reason = _removal_refusal(stack, known, known.keys() - definitions.keys())
        if reason and previous_stack is not None:
            _roll_back(stack, stack_id, stack_name, previous_stack, reason)
            return True
        return fail(stack, stack_id, stack_name, definitions, *rest, **keywords)

    return fail_property_validation


def _removal_refusal(stack: Stack, known: Stack, removed: Iterable[str]) -> str | None:
    for logical_id in sorted(removed):
        kind = known[logical_id].get("ResourceType", "")
        if reason := refusal(policy_of(stack), "Update:Delete", logical_id, kind):
            return reason
    return None


def _roll_back(stack: Stack, stack_id: str, stack_name: str, previous: Stack, reason: str) -> None:
    """Nothing was touched: put back what describes the stack."""
    kept = ("_template", "_resolved_params", "_template_body", "Parameters", "Tags", "Outputs", "_conditions")
    stack.update({name: previous[name] for name in kept if name in previous})
    kind = "AWS::CloudFormation::Stack"
    for status, why in (
        ("UPDATE_ROLLBACK_IN_PROGRESS", reason),
        ("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", ""),
        ("UPDATE_ROLLBACK_COMPLETE", ""),
    ):
        stacks._add_event(stack_id, stack_name, stack_name, kind, status, why, stack_id)
    stack["StackStatus"] = "UPDATE_ROLLBACK_COMPLETE"


def _remembering_override(update: Callable[[Stack], Any]) -> Callable[[Stack], Any]:
    def update_stack(parameters: Stack) -> Any:
        answer = update(parameters)
        override = handlers._p(parameters, "StackPolicyDuringUpdateBody")
        stack = handlers._resolve_stack(handlers._p(parameters, "StackName"))
        if override and stack and answer[0] < 400:
            known = override_of(stack)
            known.moment, known.policy = stack["LastUpdatedTime"], override
        return answer

    return update_stack
