# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What a CloudFormation resource type is here.

A type is a handful of functions over the emulator's own API clients. The engine does the rest: order, rollback,
deletion policies, replacement, drift.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.ministack import provisioners

Properties = dict[str, Any]
Created = tuple[str, dict[str, Any]]
"""Physical id (what `Ref` gives) and the attributes of `Fn::GetAtt`."""
Reader = Callable[[str, Properties], Properties | None]
"""Physical id and the template's properties to the properties now, in the template's shape; None when it is gone."""


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
    read: Reader
    compared: frozenset[str] = frozenset()
    """The properties that `read` gives; an empty set checks for existence alone."""
    replacing: frozenset[str] = frozenset()
    """The schema's createOnlyProperties: a change of any makes a new resource."""
    update: Callable[[str, Properties, Properties], dict[str, Any]] | None = None
    """Physical id, old and new properties to the attributes; without it every property replaces."""
    tags: tuple[str, str] | None = field(default=("Tags", "list"))
    custom_name: str | None = None
    """The property that names the resource: while it stays the same, a replacement is refused, as on AWS."""
    snapshot: Callable[[str, Properties], None] | None = None


@dataclass(frozen=True)
class DriftReader:
    """How a resource of a type that MiniStack makes is now, and which of its properties that gives."""

    read: Reader
    compared: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Resources:
    """What a service teaches CloudFormation."""

    types: tuple[ResourceType, ...] = ()
    completions: tuple[Callable[[], None], ...] = ()
    """Changes to MiniStack's own types."""
    on_worker: frozenset[str] = frozenset()
    """Those of MiniStack's types that now call the emulator's API, and so must run on a worker thread."""
    drift_readers: Mapping[str, DriftReader] = field(default_factory=dict)
    create_only: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The createOnlyProperties of MiniStack's own types, by their schemas. MiniStack leaves this to each type's update,
    so that neither a stack policy nor a change set knows it, and some types change in place what AWS replaces."""


def given(properties: Properties, *names: str) -> Properties:
    """Those of `names` that the template sets, for an API whose parameters have the same names."""
    return {name: properties[name] for name in names if properties.get(name) is not None}


def changed(old: Properties, new: Properties, *names: str) -> bool:
    """Whether any of `names` differs."""
    return any(old.get(name) != new.get(name) for name in names)


def as_bool(thing: Any) -> bool:
    """A boolean property, which a template may carry as text."""
    return str(thing).lower() == "true"
