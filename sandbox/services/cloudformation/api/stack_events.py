# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Stack events in the order and wording of AWS's, where MiniStack's differ.

Of a resource that is made AWS tells twice that it is in progress, the second time with its id; of one that an update
adds, that it is created; of one that an update leaves alone, nothing; of one that it replaces or removes, that the old
one is deleted while the stack cleans up.
"""

from collections.abc import Callable
from typing import Any

from sandbox.ministack import cloudformation, stacks

_INITIATED = "Resource creation Initiated"
_KIND = "AWS::CloudFormation::Stack"
_REPLACES = "Requested update requires the creation of a new physical resource; hence creating one."
Key = tuple[str, str]


class _Told:
    """What an operation under way has told of the resources of a stack, by stack id and logical id."""

    def __init__(self) -> None:
        self.added: set[Key] = set()
        self.replaced: set[Key] = set()
        self.untouched: set[Key] = set()
        self.cleaning: set[str] = set()

    def forget(self, stack_id: str) -> None:
        """The operation has ended."""
        self.cleaning.discard(stack_id)
        for keys in (self.added, self.replaced, self.untouched):
            keys.difference_update({key for key in keys if key[0] == stack_id})


_TOLD = _Told()
_add: Callable[..., None] = stacks._add_event


def install() -> None:
    """Wrap what writes events, and what tells which resources an update changes."""
    stacks._add_event = _tell
    stacks._update_resource = _watched(stacks._update_resource)
    stacks._delete_resource = _cleaned(stacks._delete_resource)


def forget() -> None:
    """Forget the operations under way."""
    _TOLD.__init__()  # type: ignore[misc]


def _tell(  # noqa: PLR0913, PLR0917 - MiniStack's signature
    stack_id: str,
    name: str,
    logical_id: str,
    kind: str,
    status: str,
    reason: str = "",
    physical_id: str = "",
    *rest: Any,
) -> None:
    if logical_id == name and kind == _KIND:
        _tell_of_stack(stack_id, name, status, reason, physical_id, *rest)
        return
    key = (stack_id, logical_id)
    updating = (cloudformation._stacks.get(name) or {}).get("StackStatus") == "UPDATE_IN_PROGRESS"
    if updating and status == "UPDATE_IN_PROGRESS":
        if logical_id not in cloudformation._stacks[name].get("_resources", {}):
            _TOLD.added.add(key)
        elif reason == _REPLACES:
            _take_back(stack_id, logical_id)
            _TOLD.replaced.add(key)
    if status == "UPDATE_COMPLETE" and key in _TOLD.untouched:
        _take_back(stack_id, logical_id)
        return
    if key in _TOLD.added:
        status = status.replace("UPDATE_", "CREATE_")
    if status == "CREATE_COMPLETE" or (status == "UPDATE_COMPLETE" and key in _TOLD.replaced):
        begun = status.replace("COMPLETE", "IN_PROGRESS")
        _add(stack_id, name, logical_id, kind, begun, _INITIATED, physical_id)
    _add(stack_id, name, logical_id, kind, status, reason, physical_id, *rest)


def _tell_of_stack(stack_id: str, name: str, status: str, reason: str, physical_id: str, *rest: Any) -> None:
    if status == "UPDATE_COMPLETE":
        _begin_cleanup(stack_id, name)
    if status == "DELETE_IN_PROGRESS" and not reason:
        reason = "User Initiated"
    _add(stack_id, name, name, _KIND, status, reason, physical_id, *rest)
    if not status.endswith("IN_PROGRESS"):
        _TOLD.forget(stack_id)


def _take_back(stack_id: str, logical_id: str) -> None:
    """Forget the newest event when it only says that this resource's update is in progress."""
    events = cloudformation._stack_events[stack_id]
    newest = events[-1]
    if (newest["LogicalResourceId"], newest["ResourceStatus"]) == (logical_id, "UPDATE_IN_PROGRESS"):
        del events[-1]


def _begin_cleanup(stack_id: str, name: str) -> None:
    if stack_id not in _TOLD.cleaning:
        _TOLD.cleaning.add(stack_id)
        _add(stack_id, name, name, _KIND, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "", stack_id)


def _watched(update: Callable[..., Any]) -> Callable[..., Any]:
    def update_resource(  # noqa: PLR0913, PLR0917 - MiniStack's signature
        kind: str, physical_id: str, old: Any, new: Any, name: str, logical_id: str | None = None, *rest: Any
    ) -> Any:
        stack = cloudformation._stacks.get(name) or {}
        if old == new and stack.get("StackStatus") == "UPDATE_IN_PROGRESS":
            _TOLD.untouched.add((stack["StackId"], logical_id or ""))
        return update(kind, physical_id, old, new, name, logical_id, *rest)

    return update_resource


def _cleaned(delete: Callable[..., Any]) -> Callable[..., Any]:
    def delete_resource(
        kind: str, physical_id: str, properties: Any, name: str | None = None, logical_id: str | None = None
    ) -> Any:
        stack = cloudformation._stacks.get(name) or {}
        if stack.get("StackStatus") != "UPDATE_IN_PROGRESS" or not logical_id:
            return delete(kind, physical_id, properties, name, logical_id)
        stack_id = stack["StackId"]
        _begin_cleanup(stack_id, str(name))
        _add(stack_id, name, logical_id, kind, "DELETE_IN_PROGRESS", "", physical_id)
        made = delete(kind, physical_id, properties, name, logical_id)
        _add(stack_id, name, logical_id, kind, "DELETE_COMPLETE", "", physical_id)
        return made

    return delete_resource
