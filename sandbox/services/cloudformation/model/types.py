"""What a CloudFormation resource type is here, and how MiniStack's engine is taught one.

A type is a handful of functions over the emulator's own API clients. The engine does the rest: order, rollback,
deletion policies, replacement, drift.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError
from ministack.services.cloudformation import drift, provisioners, stacks

Properties = dict[str, Any]
Created = tuple[str, dict[str, Any]]
"""Physical id (what `Ref` gives) and the attributes of `Fn::GetAtt`."""


@dataclass(frozen=True, kw_only=True)
class Context:
    """Where a resource stands in its stack."""

    stack_name: str
    logical_id: str

    def physical_name(self, max_length: int = 255, *, lowercase: bool = False) -> str:
        """The name CloudFormation makes up when the template gives none."""
        name: str = provisioners._physical_name(
            self.stack_name, self.logical_id, max_len=max_length, lowercase=lowercase
        )
        return name


@dataclass(frozen=True, kw_only=True)
class ResourceType:
    """One `AWS::Service::Thing`. A function that raises fails the operation, for the reason in the exception's text."""

    name: str
    create: Callable[[Properties, Context], Created]
    delete: Callable[[str, Properties], None]
    read: Callable[[str, Properties], Properties | None]
    """The resource's properties now, in the template's shape, for drift detection; None when it is gone."""
    compared: frozenset[str] = frozenset()
    """The properties that `read` gives; an empty set checks for existence alone."""
    replacing: frozenset[str] = frozenset()
    """The schema's createOnlyProperties: changing one makes a new resource."""
    update: Callable[[str, Properties, Properties], dict[str, Any]] | None = None
    """Physical id, old and new properties to the attributes; without it every property replaces."""
    tags: tuple[str, str] | None = field(default=("Tags", "list"))
    custom_name: str | None = None
    """The property that names the resource: while it stays the same, a replacement is refused, as on AWS."""
    snapshot: Callable[[str, Properties], None] | None = None


_on_worker: set[str] = set()


def install(types: Iterable[ResourceType]) -> None:
    """Teach the engine `types`. Their handlers call the emulator's API, so they run on worker threads."""
    for kind in types:
        _register(kind)
    runs_on_worker = stacks._runs_on_worker_thread
    stacks._runs_on_worker_thread = lambda name: name in _on_worker or runs_on_worker(name)


def run_on_worker(name: str) -> None:
    """Run the handlers of a type on worker threads."""
    _on_worker.add(name)


def _register(kind: ResourceType) -> None:
    run_on_worker(kind.name)
    provisioners._RESOURCE_HANDLERS[kind.name] = _handlers(kind)
    provisioners._REPLACING_PROPERTIES[kind.name] = tuple(sorted(kind.replacing))
    provisioners._CONDITIONALLY_REPLACING_PROPERTIES.pop(kind.name, None)
    if kind.custom_name:
        provisioners._CUSTOM_NAME_REPLACEMENT[kind.name] = {"name": kind.custom_name}
    else:
        provisioners._CUSTOM_NAME_REPLACEMENT.pop(kind.name, None)
    if kind.tags:
        provisioners._STACK_TAG_PROPERTY[kind.name] = kind.tags
    drift._DRIFT_READERS[kind.name] = (kind.read, kind.compared)


def _handlers(kind: ResourceType) -> dict[str, Any]:
    """The type as the entry of MiniStack's table."""

    def create(logical_id: str, properties: Properties, stack_name: str) -> Created:
        with _explained():
            return kind.create(properties, Context(stack_name=stack_name, logical_id=logical_id))

    def update(physical_id: str, old: Properties, new: Properties, _stack_name: str) -> Created:
        if kind.update is None:
            raise ValueError(f"{kind.name} has no property that can be changed in place")
        with _explained():
            return physical_id, kind.update(physical_id, old, new)

    def delete(physical_id: str, properties: Properties) -> None:
        with _explained():
            kind.delete(physical_id, properties)

    entry: dict[str, Any] = {"create": create, "update": update, "delete": delete}
    if kind.snapshot:
        entry["snapshot"] = kind.snapshot
    return entry


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    """An API's refusal in the words CloudFormation uses for it."""
    try:
        yield
    except ClientError as refusal:
        error = refusal.response["Error"]
        status = refusal.response["ResponseMetadata"]["HTTPStatusCode"]
        message = error.get("Message", "")
        raise ValueError(
            f'Resource handler returned message: "{message} (Error Code: {error["Code"]}, Status Code: {status}, '
            f'Operation: {refusal.operation_name})"'
        ) from refusal


def given(properties: Properties, *names: str) -> Properties:
    """Those of `names` that the template sets, for an API whose parameters have the same names."""
    return {name: properties[name] for name in names if properties.get(name) is not None}


def changed(old: Properties, new: Properties, *names: str) -> bool:
    """Whether one of `names` differs."""
    return any(old.get(name) != new.get(name) for name in names)


def as_bool(thing: Any) -> bool:
    """A boolean property, which a template may carry as text."""
    return str(thing).lower() == "true"
