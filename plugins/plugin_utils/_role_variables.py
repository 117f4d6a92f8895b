# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A role's variables as a task sees them, without a template for each in the task.

ansible-core compiles each template anew in each worker, and so it did for forty of every component.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from ansible.errors import AnsibleError

from ..module_utils._errors import RequestError
from ..module_utils._stack.component_options import Role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class ResolvedVariables(Mapping[str, Any]):
    """The variables of a task by name. Each is resolved when it is first asked for, and once.

    Raises `RequestError` for one that is not set, and for one that refers to what is not there.
    """

    def __init__(self, raw: Mapping[str, Any], resolve: Callable[[Any], Any]) -> None:
        self._raw, self._resolve = raw, resolve
        self._resolved: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._resolved:
            self._resolved[name] = self._read(name)
        return self._resolved[name]

    def __contains__(self, name: object) -> bool:
        return name in self._raw

    def __iter__(self) -> Iterator[str]:
        return iter(self._raw)

    def __len__(self) -> int:
        return len(self._raw)

    def get(self, key: str, default: Any = None) -> Any:
        """The variable; *default* when it is not set."""
        return self[key] if key in self._raw else default

    def _read(self, name: str) -> Any:
        if name not in self._raw:
            raise RequestError(
                f"Nothing was touched. {name} is not set, and the role needs it; set it in the inventory."
            )
        try:
            return self._resolve(self._raw[name])
        except AnsibleError as error:
            raise RequestError(
                f"Nothing was touched. {name} cannot be resolved: {error.message.rstrip('.')}. Correct it in the "
                "inventory, or define what it refers to."
            ) from error


def component_role(task_vars: Mapping[str, Any]) -> Role:
    """The role that calls the role ``stack``, or that role itself."""
    folder = Path(next(iter([*(task_vars.get("ansible_parent_role_paths") or []), task_vars["role_path"]])))
    specs = folder / "meta" / "argument_specs.yml"
    # The loader in C takes a tenth of the time, where PyYAML was built with it.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    read = yaml.load(specs.read_text(encoding="utf-8"), Loader=loader) if specs.exists() else {}  # noqa: S506 - safe, both
    options = read.get("argument_specs", {}).get("main", {}).get("options") or {}
    return Role(str(folder), options, [other.name for other in folder.resolve().parent.iterdir()])
