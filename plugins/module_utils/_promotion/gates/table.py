# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gates that there are. A new gate is a class in a file of its own, and a row here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..._release.promotion import GateMode
from .age import Age
from .labels import Labels
from .model import ConfiguredGate
from .signature.gate import Signature
from .vulnerabilities import Vulnerabilities

if TYPE_CHECKING:
    from .model import Gate, Options

#: In the order in which they measure and are reported: what waits comes last.
GATES: tuple[Gate[Any, Any], ...] = (Labels(), Age(), Signature(), Vulnerabilities())

_MODE = {"type": "str", "choices": [mode.value for mode in GateMode], "default": GateMode.REQUIRED.value}


def gates_spec() -> dict[str, Any]:
    """The suboptions of the module's option ``gates``, as an argument spec."""
    return {gate.name: {"type": "dict", "options": {"mode": _MODE, **gate.options}} for gate in GATES}


def read_gates(options: Options) -> tuple[tuple[ConfiguredGate, ...], list[str]]:
    """The gates that are on, and what is wrong with their options; with a problem no gate is read.

    *options* are those of the module's option ``gates``, checked with the argument spec.
    """
    chosen = [
        (gate, given)
        for gate in GATES
        if (given := options.get(gate.name)) is not None and _mode(given) is not GateMode.OFF
    ]
    if problems := [problem for gate, given in chosen for problem in gate.problems(given)]:
        return (), problems
    return tuple(ConfiguredGate(gate, _mode(given), gate.read(given)) for gate, given in chosen), []


def _mode(options: Options) -> GateMode:
    return GateMode(options["mode"])
