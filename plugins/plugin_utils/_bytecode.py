# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep the collection's compiled code, as Python does with all other code.

ansible-core compiles the sources of collections in every run, a quarter of a second for those of a promotion.
An action plugin imports the rest of the collection within `kept_bytecode`.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from functools import cache
from importlib.abc import MetaPathFinder
from importlib.machinery import FileFinder, SourceFileLoader
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

#: Plain modules that nobody redirects. ansible-core finds their packages, and every plugin, by rules of its own.
PACKAGE = f"{__name__.rpartition('.plugin_utils.')[0]}.module_utils"


class BytecodeFinder(MetaPathFinder):
    """Finds the modules below ``PACKAGE`` where ansible-core does, and has Python load them."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module *fullname*; None for any other, and for what is no file."""
        if path is None or not fullname.startswith(f"{PACKAGE}."):
            return None
        found = (_in_folder(folder).find_spec(fullname) for folder in path)
        return next((spec for spec in found if spec is not None and spec.loader is not None), None)


@cache
def _in_folder(folder: str) -> FileFinder:
    return FileFinder(folder, (SourceFileLoader, [".py"]))


@contextmanager
def kept_bytecode() -> Iterator[None]:
    """Import with it. What is imported is asked for here before anywhere else, and no longer afterwards."""
    finder = BytecodeFinder()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
