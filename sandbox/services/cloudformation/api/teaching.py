# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""How MiniStack's CloudFormation engine is taught what a service has for it."""

import contextlib
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from sandbox.ministack import drift as engine
from sandbox.ministack import provisioners, stacks
from sandbox.services.cloudformation.model import drift
from sandbox.services.cloudformation.model.types import Context, Created, Properties, Resources, ResourceType

_on_worker: set[str] = set()


def install() -> None:
    """Run handlers that call the emulator's API on worker threads."""
    runs_on_worker = stacks._runs_on_worker_thread
    stacks._runs_on_worker_thread = lambda name: name in _on_worker or runs_on_worker(name)


def teach(resources: Resources) -> None:
    """Teach the engine what a service has for it."""
    for kind in resources.types:
        _register(kind)
    for complete in resources.completions:
        complete()
    _on_worker.update(resources.on_worker)
    for name, reader in resources.drift_readers.items():
        engine._DRIFT_READERS[name] = (drift.as_written(drift.comparable(reader.read)), reader.compared)
    provisioners._REPLACING_PROPERTIES.update(resources.create_only)


def _register(kind: ResourceType) -> None:
    _on_worker.add(kind.name)
    provisioners._RESOURCE_HANDLERS[kind.name] = _handlers(kind)
    provisioners._REPLACING_PROPERTIES[kind.name] = tuple(sorted(kind.replacing))
    provisioners._CONDITIONALLY_REPLACING_PROPERTIES.pop(kind.name, None)
    if kind.custom_name:
        provisioners._CUSTOM_NAME_REPLACEMENT[kind.name] = {"name": kind.custom_name}
    else:
        provisioners._CUSTOM_NAME_REPLACEMENT.pop(kind.name, None)
    if kind.tags:
        provisioners._STACK_TAG_PROPERTY[kind.name] = kind.tags
    engine._DRIFT_READERS[kind.name] = (drift.as_written(kind.read), kind.compared)


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
