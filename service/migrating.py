# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Names what a migration of this tree does to a database, so that it is known before its image runs. Standard library.

It is the SHA-256 of all that has a part in it: the migrations, the command with all that it imports of the service, and
the locked libraries. What may do something else has another one; the same tree has the same.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).resolve().parent
LABEL = "com.fastbreak.migration"
"""The label of an image that says so."""
_PACKAGE = "fastbreak_service"
_ROOTS = ("administering",)
_FOR_TYPES = re.compile(r"^if TYPE_CHECKING:\n(?:[ \t]+.*\n|\n)+", re.MULTILINE)
_IMPORT = re.compile(
    rf"^[ \t]*(?:import|from)[ ]{_PACKAGE}(?:\.(?P<module>[\w.]+))?(?:[ ]import[ ](?P<names>\([^)]*\)|[^\n]*))?",
    re.MULTILINE,
)
_BESIDE = ("requirements.lock", "Dockerfile")


def name(here: Path = HERE) -> str:
    """What the migration of the tree at *here* is called."""
    found = hashlib.sha256()
    for path in parts(here):
        content = path.read_bytes()
        found.update(f"{path.relative_to(here).as_posix()} {len(content)}\n".encode() + content)
    return found.hexdigest()


def parts(here: Path = HERE) -> list[Path]:
    """The files that have a part in it."""
    package = here / "src" / _PACKAGE
    open_ends = [_file(package, root) for root in _ROOTS]
    open_ends += [path for path in (package / "store" / "migrations").rglob("*") if path.suffix in {".py", ".mako"}]
    known: set[Path] = set()
    while open_ends:
        path = open_ends.pop()
        if path is None or path in known:
            continue
        known.add(path)
        if path.suffix == ".py":
            # With its packages, which are loaded before it.
            open_ends += [_file(folder, "") for folder in path.parents if folder.is_relative_to(package)]
            open_ends += _imported(package, path)
    return sorted(known | {here / beside for beside in _BESIDE})


def _file(package: Path, module: str) -> Path | None:
    """The file of a module of the package; none of what is no module, such as a name in one."""
    bare = package.joinpath(*filter(None, module.split(".")))
    return next((path for path in (bare.with_suffix(".py"), bare / "__init__.py") if path.is_file()), None)


def _imported(package: Path, path: Path) -> Iterator[Path | None]:
    """What a file imports of the package, wherever in it, but what is for types alone.

    By its text: the Python that builds may be older than the one that the service is written for.
    """
    running = _FOR_TYPES.sub("", path.read_text(encoding="utf-8"))
    for found in _IMPORT.finditer(running):
        module, names = found["module"] or "", re.findall(r"\w+", found["names"] or "")
        for full in (module, *(f"{module}.{each}" for each in names)):
            yield _file(package, full.strip("."))
