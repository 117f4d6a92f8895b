# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Decoding hostile files where there is nothing to steal: no secrets, no network, no other process, few resources."""

from __future__ import annotations

import ctypes
import os
import resource
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastbreak_service.worker.files import Files, keep_only
from fastbreak_service.worker.syscalls import give_up

if TYPE_CHECKING:
    from collections.abc import Mapping

# What Python and the libraries need; everything else, the database's settings above all, stays with the server.
_OF_PYTHON = ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "PYTHONPYCACHEPREFIX")
_KEPT = ("HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PATH", *_OF_PYTHON, "TMPDIR", "TZ")
_PR_SET_DUMPABLE = 4
# At the soft limit of processor time a process gets SIGXCPU, which tells why it ended; at the hard one SIGKILL.
_MORE_CPU_SECONDS = 5
_OPEN_FILES = 128
# Of all processes of this user together. What decodes makes a few threads for each processor.
_THREADS = 2048


@dataclass(frozen=True, slots=True)
class Allowance:
    """The most that a process may use, in bytes of address space and of one file, and seconds of processor time."""

    address_space_bytes: int
    file_bytes: int
    cpu_seconds: int | None = None


def environment(whole: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process that decodes; one with threads of NumPy's could not leave the network."""
    return {name: whole[name] for name in _KEPT if name in whole} | {"OPENBLAS_NUM_THREADS": "1"}


@dataclass(frozen=True, slots=True)
class Confinement:
    """What a process lost: the network, and the files that it does not need."""

    offline: bool
    files: bool


def confine(allowance: Allowance, files: Files) -> Confinement:
    """Limit this process for good, before it starts threads.

    The network goes twice: with a namespace of its own, which not every platform lets an ordinary user have, and with
    the system calls that reach it.
    """
    _limit(resource.RLIMIT_AS, allowance.address_space_bytes)
    _limit(resource.RLIMIT_FSIZE, allowance.file_bytes)
    _limit(resource.RLIMIT_NOFILE, _OPEN_FILES)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NPROC, _THREADS)
    if allowance.cpu_seconds is not None:
        _limit(resource.RLIMIT_CPU, allowance.cpu_seconds, more=_MORE_CPU_SECONDS)
    left = _leave_network()
    kept = keep_only(files)
    return Confinement(give_up() or left, kept)


def _leave_network() -> bool:
    try:
        os.unshare(os.CLONE_NEWUSER | os.CLONE_NEWNET)
    except OSError:
        return False
    return True


def hide_memory() -> None:
    """Keep other processes of this user from reading this one's environment and memory under /proc. Raises OSError."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "PR_SET_DUMPABLE was refused")


def _limit(kind: int, most: int, more: int = 0) -> None:
    """Lower a limit, never raise it; the hard one to so much `more`."""
    _, hard = resource.getrlimit(kind)
    soft, least = (part if hard == resource.RLIM_INFINITY else min(part, hard) for part in (most, most + more))
    resource.setrlimit(kind, (soft, least))
