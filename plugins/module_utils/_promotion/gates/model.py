# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a gate is: what it may be told, how it measures, how that is assessed, and how it is worded."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from ..._common.amount import amount
from ..._common.verdict import Verdict, combine

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..._common.time_span import TimeSpan
    from ..._release.promotion import GateMode
    from ..values import SourceImage
    from .subject import Subject

    Options = Mapping[str, Any]

Policy = TypeVar("Policy")
Measured = TypeVar("Measured")

#: What a result names at most; the rest is counted.
NAMED = 10
#: How much is shown of a text from outside.
SHOWN = 80


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was found of an image, or of one of its platforms."""

    verdict: Verdict
    seen: str


class Gate(ABC, Generic[Policy, Measured]):  # noqa: UP046 (ansible-core 2.19 runs on Python 3.11)
    """A kind of gate. To add a gate, write such a class and give it a row in `table.GATES`."""

    #: Its name among the options, in the record and in messages.
    name: ClassVar[str]
    #: Its options as an argument spec, without ``mode``, which every gate has.
    options: ClassVar[Options]

    def problems(self, _options: Options) -> Iterable[str]:
        """What is wrong with the options, which fit the argument spec. With a problem nothing is read or measured."""
        return ()

    @abstractmethod
    def read(self, options: Options) -> Policy:
        """The policy that *options* stand for, which have no problems."""

    @abstractmethod
    def measure(self, policy: Policy, subject: Subject) -> Measured:
        """Look at the image. What this raises of FastbreakError becomes the verdict ERROR."""

    @abstractmethod
    def assess(self, policy: Policy, measured: Measured, image: SourceImage, now: TimeSpan) -> Judgement:
        """Judge what was measured. Pure, and fails closed: what is not known to be inside the limits does not pass.

        Of *now* the earlier or the later end counts, whichever lets less through.
        """

    @abstractmethod
    def expect(self, policy: Policy, image: SourceImage) -> str:
        """What the policy asks for, in words."""


@dataclass(frozen=True, slots=True)
class ConfiguredGate:
    """A gate that is on: what it asks for, and what follows when an image does not pass."""

    gate: Gate[Any, Any]
    mode: GateMode
    policy: Any


def of_platforms(judged: Iterable[Judgement], *, show_passing: bool = False) -> Judgement:
    """The gravest verdict of an image's platforms, and what was seen of those that do not pass.

    Those that pass are shown when all do; with *show_passing* they always are, behind the others.
    """
    every = sorted(judged, key=lambda platform: platform.verdict is Verdict.HEALTHY)
    failing = [platform for platform in every if platform.verdict is not Verdict.HEALTHY]
    shown = every if show_passing or not failing else failing
    parts = [platform.seen for platform in shown[:NAMED]] or ["there is no image in it"]
    if len(shown) > NAMED:
        parts.append(f"and {amount(len(shown) - NAMED, 'more image')}")
    return Judgement(combine(platform.verdict for platform in every), "; ".join(parts))
