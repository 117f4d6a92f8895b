# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""In what numbers the networks count, and what of a processor they may use for it.

Single precision (`f32`) gives the same figures on every x86 processor that has AVX2: AVX-512 adds up in another order,
and a somersault makes degrees of a last digit. `fast` has the networks count in bfloat16 where the processor does so by
itself (AVX512-BF16), and in single precision where not. OpenVINO reads what it may use from the environment, once,
before the first network is compiled; so a process has one precision.
"""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path

_FLAG = "avx512_bf16"
# The names for OpenVINO's kernels of oneDNN, and for its own.
_CAPS = ("ONEDNN_MAX_CPU_ISA", "OV_CPU_MAX_ISA")


class Precision(StrEnum):
    """What is asked for, and what the networks then count in."""

    F32 = "f32"
    FAST = "fast"


_INSTRUCTIONS = {Precision.F32: "AVX2", Precision.FAST: "AVX512_CORE_BF16"}


def possible(wanted: Precision, processors: Path = Path("/proc/cpuinfo")) -> Precision:
    """What is asked for where the processor can do it, else single precision. `processors` is Linux's list of them."""
    if wanted is Precision.FAST and not (processors.exists() and _FLAG in processors.read_text("ascii", "replace")):
        return Precision.F32
    return wanted


def hold(precision: Precision) -> None:
    """Have OpenVINO use no more of a processor than a precision needs."""
    for cap in _CAPS:
        os.environ[cap] = _INSTRUCTIONS[precision]


def spoken(wanted: Precision, used: Precision) -> str | None:
    """What is to be said where it is not what was asked for."""
    if wanted is used:
        return None
    return "The precision fast was asked for, but this processor has no AVX512-BF16: the networks count in f32."
