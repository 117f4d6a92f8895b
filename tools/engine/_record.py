# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What this clone started, kept in a file, so that `stop` ends exactly that and nothing else."""

import dataclasses
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.engine._processes import Process


@dataclass(frozen=True)
class Record:
    """Either a daemon that we run, with the processes it brought along, or a unit that systemd runs for us."""

    daemon: Process | None = None
    helpers: tuple[Process, ...] = ()
    unit: str = ""
    bridge_was_there: bool = field(default=False)


def write(path: Path, record: Record) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fresh.write_text(json.dumps(dataclasses.asdict(record), indent=2) + "\n")
    fresh.replace(path)


def read(path: Path) -> Record | None:
    """The record, or None when there is none or a crash left it unreadable."""
    try:
        kept: dict[str, Any] = json.loads(path.read_text())
        daemon = kept["daemon"]
        return Record(
            daemon=Process(**daemon) if daemon else None,
            helpers=tuple(Process(**helper) for helper in kept["helpers"]),
            unit=kept["unit"],
            bridge_was_there=kept["bridge_was_there"],
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
