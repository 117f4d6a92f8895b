# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""How the sandbox holds on to MiniStack: what it expects of each name, and what it finds instead.

`sandbox.ministack` declares the names. A module of MiniStack is imported when a name of it is first asked for:
MiniStack reads its settings from the environment at that moment.
"""

import importlib
import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from types import ModuleType
from typing import Any

from sandbox.errors import SandboxError

STORE = "AccountRegionScopedDict"
ACCOUNT_STORE = "AccountScopedDict"
_NOTHING = "nothing"


class Use(StrEnum):
    """What the sandbox does with a name."""

    READ = "read"
    REPLACED = "replaced"


@dataclass(frozen=True)
class Name:
    """A name of a module, or of a class of it.

    `expected` is what `description` must say of it. `members` are keys of a dictionary, or names of a class, that must
    be there.
    """

    name: str
    expected: str
    use: Use = Use.READ
    members: tuple[str, ...] = ()


@dataclass(frozen=True, order=True)
class Difference:
    """What MiniStack has otherwise than declared."""

    name: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.name}: expected {self.expected}, found {self.found}"


def used(name: str, expected: str, members: str = "") -> Name:
    """A name that is called or read, with its members in one text. A dictionary whose entries are replaced is read."""
    return Name(name, expected, members=tuple(members.split()))


def replaced(name: str, expected: str) -> Name:
    """A name in whose place the sandbox puts something of its own."""
    return Name(name, expected, Use.REPLACED)


def stores(names: str, kind: str = STORE) -> tuple[Name, ...]:
    """Several names of a kind: stores by account and region, unless another kind is given."""
    return tuple(used(name, kind) for name in names.split())


def actions(names: str, how: Callable[[str, str], Name] = replaced) -> tuple[Name, ...]:
    """Actions of a JSON API, which take the request."""
    return tuple(how(name, "(data)") for name in names.split())


class Module:
    """A module of MiniStack with the names that the sandbox may touch, and no others.

    *keys* are private keys, in one text, that MiniStack writes into the records which this module keeps.
    """

    def __init__(self, path: str, *names: Name, keys: str = "") -> None:
        self.__dict__.update(_path=path, _names={name.name: name for name in names}, _record_keys=tuple(keys.split()))

    def __getattr__(self, name: str) -> Any:
        self._declared(name)
        return getattr(importlib.import_module(self._path), name)

    def __setattr__(self, name: str, value: Any) -> None:
        if self._declared(name).use is not Use.REPLACED:
            raise AttributeError(f"{self._path}.{name} is declared as read in sandbox/ministack.py, and is written")
        setattr(importlib.import_module(self._path), name, value)

    def _declared(self, name: str) -> Name:
        found: Name | None = self._names.get(name)
        if found is None:
            raise AttributeError(f"{self._path}.{name} is not declared in sandbox/ministack.py")
        return found


def declarations(module: Module) -> tuple[str, tuple[Name, ...]]:
    """The path of a module and the names declared of it."""
    return module._path, tuple(module._names.values())  # noqa: SLF001 - a module's attributes are MiniStack's names


def record_keys(module: Module) -> tuple[str, ...]:
    """The private keys that are declared of a module's records."""
    return module._record_keys  # type: ignore[no-any-return]  # noqa: SLF001 - as above


def description(thing: Any) -> str:
    """The signature of what can be called, without annotations; `class` or the type's name of anything else."""
    if inspect.isclass(thing):
        return "class"
    if not callable(thing):
        return type(thing).__name__
    signature = inspect.signature(thing)
    bare = signature.replace(
        parameters=[each.replace(annotation=inspect.Parameter.empty) for each in signature.parameters.values()],
        return_annotation=inspect.Signature.empty,
    )
    return f"{'async ' if inspect.iscoroutinefunction(thing) else ''}{bare}"


def differences(modules: Iterable[Module]) -> list[Difference]:
    """Everything in which the installed MiniStack is not as declared, by name."""
    found: list[Difference] = []
    for declared in modules:
        path, names = declarations(declared)
        try:
            module = importlib.import_module(path)
        except ImportError as error:
            found.append(Difference(path, "a module", f"{_NOTHING} ({error})"))
            continue
        for name in names:
            found += _differences(module, f"{path}.{name.name}", name)
        source = inspect.getsource(module)
        missing = [key for key in record_keys(declared) if f'"{key}"' not in source]
        found += [Difference(f"{path}: record[{key!r}]", "a key that it names", _NOTHING) for key in missing]
    return sorted(found)


def _differences(module: ModuleType, path: str, name: Name) -> list[Difference]:
    if not hasattr(module, name.name):
        return [Difference(path, name.expected, _NOTHING)]
    thing = getattr(module, name.name)
    if (is_now := description(thing)) != name.expected:
        return [Difference(path, name.expected, is_now)]
    return [
        Difference(f"{path}[{member!r}]", "an entry", _NOTHING)
        for member in name.members
        if not (hasattr(thing, member) if inspect.isclass(thing) else member in thing)
    ]


def require(modules: Iterable[Module]) -> None:
    """SandboxError with the whole list when the installed MiniStack differs from what is declared."""
    if found := differences(modules):
        raise SandboxError(
            "MiniStack is not the version that the sandbox was written for. It differs in\n"
            + "\n".join(f"  {difference}" for difference in found)
            + "\nInstall the locked version (`make setup`), or adapt the services and sandbox/ministack.py."
        )
