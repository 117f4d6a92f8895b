# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Files that a process keeps for good, by Landlock: it takes no privilege, but a kernel of 5.13 or newer that has it.

The numbers are those of the kernel's `include/uapi/linux/landlock.h`, the same on every architecture.
"""

from __future__ import annotations

import ctypes
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ASK_VERSION = 1
_PATH_BENEATH = 1
_PR_SET_NO_NEW_PRIVS = 38
_EXECUTE, _WRITE, _READ, _LIST, _MAKE, _TRUNCATE = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 8, 1 << 14
# Rights that there are by version of Landlock: of files, of TCP, of signals and sockets outside.
_FILE_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
_TCP_RIGHTS = {4: 0b11}
_SCOPES = {6: 0b11}
# What Python, its libraries and the networks' runtime read of the system. /proc/self is the process itself.
_SYSTEM = ("/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/dev/null")
_HARDWARE = ("/sys/devices/system", "/sys/fs/cgroup", "/dev/urandom", "/proc/sys/vm/overcommit_memory")


@dataclass(frozen=True, slots=True)
class Files:
    """Beside the system's: what a process reads, and a directory where it reads and makes files whose names it knows.

    It cannot list the directory, nor remove anything from it.
    """

    read: tuple[Path, ...] = ()
    work: Path | None = None


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("tcp", ctypes.c_uint64), ("scopes", ctypes.c_uint64))


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("rights", ctypes.c_uint64), ("parent", ctypes.c_int32))


def keep_only(files: Files) -> bool:
    """Refuse every other file to this process; False without Landlock. For a process that has no threads yet."""
    known = version()
    if known < 1:
        return False
    handled = _of(_FILE_RIGHTS, known)
    asked = _Ruleset(handled, _of(_TCP_RIGHTS, known), _of(_SCOPES, known))
    size = 8 if known < min(_TCP_RIGHTS) else 16 if known < min(_SCOPES) else 24
    rules = _call(_CREATE_RULESET, ctypes.byref(asked), size, 0)
    if rules < 0:
        return False
    try:
        allowed = [_allow(rules, path, handled & (_EXECUTE | _READ | _LIST)) for path in _readable(files)]
        if files.work is not None:
            allowed.append(_allow(rules, files.work, handled & (_READ | _WRITE | _MAKE | _TRUNCATE)))
        ctypes.CDLL(None).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        return all(allowed) and _call(_RESTRICT_SELF, rules, 0) == 0
    finally:
        os.close(rules)


def version() -> int:
    """The kernel's version of Landlock; negative when it has none, or when it is switched off."""
    return _call(_CREATE_RULESET, None, 0, _ASK_VERSION)


def _readable(files: Files) -> Iterable[Path]:
    places = (sys.prefix, sys.base_prefix, sys.exec_prefix, sys.pycache_prefix, *sys.path)
    python = {place for place in places if place}
    return [*map(Path, (*_SYSTEM, *_HARDWARE, *sorted(python))), *files.read]


def _of(rights: dict[int, int], known: int) -> int:
    """The rights of the newest version that is not newer than a known one."""
    since = [first for first in rights if first <= known]
    return rights[max(since)] if since else 0


def _allow(rules: int, path: Path, rights: int) -> bool:
    """Allow some rights beneath a path, or to it if it is a file; False when Landlock refuses that.

    What does not exist, or cannot be reached anyway, needs no right.
    """
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return True
    try:
        beneath = _Beneath(rights if path.is_dir() else rights & ~_LIST, place)
        return _call(_ADD_RULE, rules, _PATH_BENEATH, ctypes.byref(beneath), 0) == 0
    finally:
        os.close(place)


def _call(number: int, *arguments: object) -> int:
    library = ctypes.CDLL(None, use_errno=True)
    library.syscall.restype = ctypes.c_long
    return int(library.syscall(ctypes.c_long(number), *arguments))
