"""What the sandbox knows of MiniStack's records beyond what they hold."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Record = dict[str, Any]


@dataclass
class _Entry[Value]:
    owner: Record
    value: Value


class SideTable[Value]:
    """A typed value for each record, which lives as long as the record does. Safe from any thread.

    `key` is the member that names a record in every account and region: an ARN or another id that no two records share.
    `is_held` says whether MiniStack still has the record. MiniStack drops records in many places (its handlers, its
    stacks, its reset), so the table asks instead of being told: a record made anew under an old name has a new value,
    and values without their record go when the next one is made. Neither MiniStack nor the sandbox keeps state on disk.
    """

    def __init__(self, key: str, is_held: Callable[[Record], bool], make: Callable[[], Value]) -> None:
        self._key, self._is_held, self._make = key, is_held, make
        self._entries: dict[str, _Entry[Value]] = {}
        self._lock = threading.RLock()

    def of(self, record: Record) -> Value:
        """The record's value; a new one when it had none."""
        key = str(record[self._key])
        with self._lock:
            entry = self._entries.get(key)
            if entry is None or entry.owner is not record:
                self._drop_orphans()
                entry = self._entries[key] = _Entry(record, self._make())
            return entry.value

    def clear(self) -> None:
        """Forget every value."""
        with self._lock:
            self._entries.clear()

    def __len__(self) -> int:
        """How many records that are still held have a value."""
        with self._lock:
            self._drop_orphans()
            return len(self._entries)

    def _drop_orphans(self) -> None:
        for key in [key for key, entry in self._entries.items() if not self._is_held(entry.owner)]:
            del self._entries[key]
