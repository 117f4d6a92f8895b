# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inventories of this clone: what each environment's variables are, as they are written."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

VARIABLES = Path("group_vars") / "all"
SHARED = "shared"


class InventoryError(Exception):
    """An inventory cannot be read, or no such environment can be made. The text is for the user."""


@dataclass(frozen=True)
class Environment:
    """One environment: its name, its folder and its variables in the order in which they are written."""

    name: str
    folder: Path
    variables: dict[str, Any]

    @property
    def account(self) -> str:
        return str(self.variables["fastbreak_account_id"])

    @property
    def region(self) -> str:
        return str(self.variables["fastbreak_region"])


def environments(inventories: Path) -> list[Environment]:
    """Every environment under *inventories*, in the order of their names. Raises InventoryError."""
    folders = (path for path in sorted(inventories.iterdir()) if path.is_dir() and path.name != SHARED)
    return [_read(folder) for folder in folders]


def own_files(folder: Path) -> list[Path]:
    """The files of variables that belong to one environment; what is shared is linked and is not among them."""
    return [path for path in sorted((folder / VARIABLES).glob("*.yml")) if not path.is_symlink()]


def _read(folder: Path) -> Environment:
    variables: dict[str, Any] = {}
    for path in sorted((folder / VARIABLES).glob("*.yml")):
        try:
            variables.update(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
        except (yaml.YAMLError, ValueError, TypeError) as error:
            raise InventoryError(f"{path} cannot be read as variables: {error}") from error
    missing = [key for key in ("fastbreak_account_id", "fastbreak_region") if not variables.get(key)]
    if missing:
        raise InventoryError(f"{folder}/{VARIABLES} does not set {' and '.join(missing)}.")
    return Environment(folder.name, folder, variables)
