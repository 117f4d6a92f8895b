# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""System calls that a process gives up for good, by a filter of seccomp's. It takes no privilege: it holds on Fargate.

The filter is made by libseccomp, which is part of Debian's base system and knows each architecture's numbers.
"""

from __future__ import annotations

import ctypes
import errno
import os
from typing import NamedTuple

_LIBRARY = "libseccomp.so.2"
_ALLOW = 0x7FFF0000
_REFUSE = 0x00050000  # SCMP_ACT_ERRNO, with the error's number in it
_OTHER_THAN, _MASKED = 1, 7  # SCMP_CMP_NE, SCMP_CMP_MASKED_EQ
_ALL_THREADS = 4  # SCMP_FLTATR_CTL_TSYNC
_WORD = 0xFFFFFFFF
_CLONE_THREAD = 0x10000

NEVER = (
    # The network. Descriptors that are open stay, and a process that decodes has only its standard streams.
    *("socket", "socketpair", "socketcall", "connect", "bind", "listen", "accept", "accept4", "sendto", "sendmsg"),
    # Another program, or a place where these rules would not hold. io_uring does what its own rules allow.
    *("execve", "execveat", "fork", "vfork", "unshare", "setns", "chroot", "pivot_root", "mount", "umount2"),
    *("io_uring_setup", "io_uring_enter", "io_uring_register", "bpf", "perf_event_open", "userfaultfd", "keyctl"),
    *("add_key", "request_key", "open_by_handle_at", "fanotify_init"),
    # Other processes of the same user, the server above all: what they hold, and what they may use.
    *("ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "kcmp", "pidfd_open", "pidfd_getfd"),
    *("pidfd_send_signal", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "tkill"),
    *("setpriority", "ioprio_set", "sched_setscheduler", "sched_setparam", "sched_setattr"),
    *("migrate_pages", "move_pages"),
    # What would be left behind when the process ends.
    *("shmget", "msgget", "semget", "mq_open"),
)
TO_ITSELF = ("kill", "tgkill")
"""Allowed when the process is their first argument: a process that aborts sends a signal to itself."""
TO_THE_CALLER = ("prlimit64", "sched_setaffinity")
"""Allowed when their first argument is 0, which is whoever calls."""
# Commands that let a file's owner, who may be any process, have signals.
_FCNTL_COMMANDS = (8, 10, 15)  # F_SETOWN, F_SETSIG, F_SETOWN_EX
_IOCTL_COMMANDS = (0x8901, 0x8902, 0x5412)  # FIOSETOWN, SIOCSPGRP, TIOCSTI


class _Comparison(ctypes.Structure):
    _fields_ = (
        ("argument", ctypes.c_uint),
        ("how", ctypes.c_int),
        ("first", ctypes.c_uint64),
        ("second", ctypes.c_uint64),
    )


class _Rule(NamedTuple):
    """A call that is refused with an error, always or where a comparison holds."""

    name: str
    where: _Comparison | None = None
    error: int = errno.EPERM


def _rules(process: int) -> list[_Rule]:
    """What is refused to a process."""
    itself = _Comparison(0, _OTHER_THAN, process, 0)
    caller = _Comparison(0, _OTHER_THAN, 0, 0)
    return [
        *(_Rule(name) for name in NEVER),
        *(_Rule(name, itself) for name in TO_ITSELF),
        *(_Rule(name, caller) for name in TO_THE_CALLER),
        *(_Rule("fcntl", _Comparison(1, _MASKED, _WORD, command)) for command in _FCNTL_COMMANDS),
        *(_Rule("ioctl", _Comparison(1, _MASKED, _WORD, command)) for command in _IOCTL_COMMANDS),
        # Threads, but no processes. The flags of clone3 cannot be seen from here; without it the C library uses clone.
        _Rule("clone", _Comparison(0, _MASKED, _CLONE_THREAD, 0)),
        _Rule("clone3", error=errno.ENOSYS),
    ]


def give_up() -> bool:
    """Refuse these calls to this process and all of its threads; False without seccomp or its library."""
    try:
        library = _library()
    except OSError:
        return False
    context = library.seccomp_init(_ALLOW)
    if not context:
        return False
    try:
        added = [_add(library, context, rule) for rule in _rules(os.getpid())]
        whole = library.seccomp_attr_set(context, _ALL_THREADS, 1) == 0
        return whole and all(added) and library.seccomp_load(context) == 0
    finally:
        library.seccomp_release(context)


def _add(library: ctypes.CDLL, context: int, rule: _Rule) -> bool:
    """Add a rule; a call that this architecture, or this libseccomp, does not have needs none."""
    number = library.seccomp_syscall_resolve_name(rule.name.encode())
    if number < 0:
        return True
    count = 0 if rule.where is None else 1
    where = None if rule.where is None else ctypes.byref(rule.where)
    return bool(library.seccomp_rule_add_array(context, _REFUSE | rule.error, number, count, where) == 0)


def _library() -> ctypes.CDLL:
    """libseccomp. Raises OSError without it."""
    library = ctypes.CDLL(_LIBRARY, use_errno=True)
    library.seccomp_init.restype = ctypes.c_void_p
    library.seccomp_init.argtypes = [ctypes.c_uint32]
    library.seccomp_syscall_resolve_name.argtypes = [ctypes.c_char_p]
    library.seccomp_rule_add_array.argtypes = [
        ctypes.c_void_p,
        ctypes.c_uint32,
        ctypes.c_int,
        ctypes.c_uint,
        ctypes.c_void_p,
    ]
    library.seccomp_attr_set.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_uint32]
    library.seccomp_load.argtypes = [ctypes.c_void_p]
    library.seccomp_release.argtypes = [ctypes.c_void_p]
    return library
