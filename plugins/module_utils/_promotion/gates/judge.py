# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges an image by its gates: all measure first, then each assesses once what it measured, at one time.

No gate hides another: whatever cannot be measured is that gate's result, with the verdict ERROR.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..._common.verdict import Verdict
from ..._errors import FastbreakError
from ..._release.promotion import GateResult
from ..ports import StoppedError
from .model import Judgement
from .subject import Subject

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..._common.time_span import TimeSpan
    from ..ports import Ports
    from ..values import SourceImage
    from .model import ConfiguredGate


def judge(
    image: SourceImage, gates: tuple[ConfiguredGate, ...], ports: Ports, told_time: Callable[[], TimeSpan]
) -> tuple[GateResult, ...]:
    """The results of *gates*, in their order. They are what stops the image, and what is attested and recorded of it.

    *told_time* is asked for the registries' time when all have measured. Raises only StoppedError. A scan that is
    running is waited for, as long as its policy says.
    """
    if not gates:
        return ()
    subject = Subject(image, ports)
    measured = [(configured, _measure(configured, subject)) for configured in gates]
    now = told_time()
    return tuple(_result(configured, seen, image, now) for configured, seen in measured)


def _measure(configured: ConfiguredGate, subject: Subject) -> Any:
    try:
        return configured.gate.measure(configured.policy, subject)
    except StoppedError:
        raise
    except FastbreakError as error:
        return error


def _result(configured: ConfiguredGate, measured: Any, image: SourceImage, now: TimeSpan) -> GateResult:
    gate, policy = configured.gate, configured.policy
    if isinstance(measured, FastbreakError):
        judgement = Judgement(Verdict.ERROR, measured.message)
    else:
        judgement = gate.assess(policy, measured, image, now)
    return GateResult(
        gate=gate.name,
        mode=configured.mode,
        verdict=judgement.verdict,
        seen=judgement.seen,
        expected=gate.expect(policy, image),
        subject=image.digest,
    )
