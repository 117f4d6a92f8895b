# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What the sandbox knows of MiniStack's records beyond what they hold."""

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

Record = dict[str, Any]
_FEW = 16


@dataclass
class _Entry[Value]:
    owner: Record
    value: Value


class SideTable[Value]:
    """A typed value for each record, which lives as long as the record does. Safe from any thread.

    `key` tells records of every account and region apart: an ARN, or another id that no two records share. `is_held`
    says whether MiniStack still has the record. MiniStack drops records in many places (its handlers, its stacks, its
    reset), so the table asks instead of being told: a record recreated under an old name has a new value, and values
    whose records went are swept out as the table grows. Neither MiniStack nor the sandbox keeps state on disk.
    """

    def __init__(self, key: Callable[[Record], Hashable], is_held: Callable[[Record], bool], make: type[Value]) -> None:
        self._key, self._is_held, self._make = key, is_held, make
        self._entries: dict[Hashable, _Entry[Value]] = {}
        self._lock = threading.RLock()
        self._sweep_at = _FEW

    def of(self, record: Record) -> Value:
        """The record's value; a new value when it had none."""
        with self._lock:
            entry = self._entries.get(self._key(record))
            if entry is None or entry.owner is not record:
                if len(self._entries) >= self._sweep_at:
                    self._sweep()
                    self._sweep_at = 2 * len(self._entries) + _FEW
                entry = self._entries[self._key(record)] = _Entry(record, self._make())
            return entry.value

    def clear(self) -> None:
        """Forget every value."""
        with self._lock:
            self._entries.clear()

    def __len__(self) -> int:
        """How many records that MiniStack holds have a value."""
        with self._lock:
            self._sweep()
            return len(self._entries)

    def _sweep(self) -> None:
        for key in [key for key, entry in self._entries.items() if not self._is_held(entry.owner)]:
            del self._entries[key]
