# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""System calls that a process gives up for good, by a filter of seccomp's. It takes no privilege: it holds on Fargate.

The filter is made by libseccomp, which is part of Debian's base system and knows each architecture's numbers.
"""

from __future__ import annotations

import ctypes
import os

_LIBRARY = "libseccomp.so.2"
_ALLOW = 0x7FFF0000
_REFUSE = 0x00050000 | 1  # SCMP_ACT_ERRNO(EPERM)
_OTHER_THAN = 1  # SCMP_CMP_NE
_ALL_THREADS = 4  # SCMP_FLTATR_CTL_TSYNC

NEVER = (
    # The network. Descriptors that are open stay, and a process that decodes has only its standard streams.
    *("socket", "socketpair", "socketcall", "connect", "bind", "listen", "accept", "accept4", "sendto", "sendmsg"),
    # Another program, or a place where these rules would not hold. io_uring does what its own rules allow.
    *("execve", "execveat", "fork", "vfork", "unshare", "setns", "chroot", "pivot_root", "mount", "umount2"),
    *("io_uring_setup", "io_uring_enter", "io_uring_register", "bpf", "perf_event_open", "userfaultfd", "keyctl"),
    *("add_key", "request_key"),
    # Other processes of the same user, the server above all.
    *("ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "kcmp", "pidfd_open", "pidfd_getfd"),
    *("pidfd_send_signal", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "tkill"),
)
TO_ITSELF = ("kill", "tgkill")
"""Allowed when the process is their first argument: a process that aborts sends a signal to itself."""


class _Comparison(ctypes.Structure):
    _fields_ = (
        ("argument", ctypes.c_uint),
        ("how", ctypes.c_int),
        ("first", ctypes.c_uint64),
        ("second", ctypes.c_uint64),
    )


def give_up() -> bool:
    """Refuse these calls to this process and all of its threads; False without seccomp or its library."""
    try:
        library = _library()
    except OSError:
        return False
    rules = library.seccomp_init(_ALLOW)
    if not rules:
        return False
    try:
        itself = _Comparison(0, _OTHER_THAN, os.getpid(), 0)
        added = [_add(library, rules, name, None) for name in NEVER]
        added += [_add(library, rules, name, itself) for name in TO_ITSELF]
        whole = library.seccomp_attr_set(rules, _ALL_THREADS, 1) == 0
        return whole and all(added) and library.seccomp_load(rules) == 0
    finally:
        library.seccomp_release(rules)


def _add(library: ctypes.CDLL, rules: int, name: str, unless: _Comparison | None) -> bool:
    """Add a rule; a call that this architecture, or this libseccomp, does not have needs none."""
    number = library.seccomp_syscall_resolve_name(name.encode())
    if number < 0:
        return True
    count = 0 if unless is None else 1
    compared = None if unless is None else ctypes.byref(unless)
    return bool(library.seccomp_rule_add_array(rules, _REFUSE, number, count, compared) == 0)


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
