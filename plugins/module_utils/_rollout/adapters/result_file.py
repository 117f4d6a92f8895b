# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file that says how a run ended, for a job that has no more of it than the exit code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..._errors import FastbreakError, RequestError
from ..results import KEY, Result

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

#: What the file says while the run goes on, and after one that was killed.
IN_PROGRESS = "in_progress"
# A plan's difference is as long as a task definition, and is shown by the run.
_LEFT_OUT = frozenset({"diff", "changes"})


def keep_result(path: str, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The result of *work*, which the file *path* holds too, as JSON, however it ends. *path* empty: no file.

    Raises RequestError before anything is done when the file cannot be written.
    """
    if not path:
        return work()
    if problem := _write(path, {KEY: IN_PROGRESS}):
        raise RequestError(
            f"Tried to write result_file {path}, but: {problem}. Nothing was changed. Name another file."
        )
    told: Mapping[str, Any] = {KEY: Result.FAILED.value, "message": "a fault of the collection: see the run's output"}
    try:
        data = work()
    except FastbreakError as error:
        told = {**error.details, "message": error.message}
        raise
    except KeyboardInterrupt:
        told = {KEY: Result.INTERRUPTED.value, "message": ""}
        raise
    else:
        told = {**data, "message": ""}
        return data
    finally:
        # What the run did is more than that its file could not be written in the end: it says in_progress then.
        _write(path, told)


def _write(path: str, told: Mapping[str, Any]) -> str:
    """Why it could not be written; empty when it was. Nobody reads half of it."""
    file = Path(path)
    draft = file.with_name(f"{file.name}.draft")
    shown = {name: value for name, value in told.items() if name not in _LEFT_OUT}
    try:
        draft.write_text(json.dumps(shown, indent=2, default=str) + "\n", encoding="utf-8")
        draft.replace(file)
    except OSError as error:
        return str(error)
    return ""
