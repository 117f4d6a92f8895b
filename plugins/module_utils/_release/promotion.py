# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of a promotion, as the release table and the attestation keep it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any

from .._common.verdict import Verdict

#: The predicate type of the attestation, and how the table's sort key starts.
PREDICATE_TYPE = "https://fastbreak.dev/attestations/promotion/v1"
RECORD_PREFIX = "P#"


@dataclass(frozen=True, slots=True)
class Promotion:
    """One image that was promoted. Times are ISO 8601 in UTC; ``promoted_by`` is the caller's ARN, or a user's name.

    ``release_id`` is given by the release table and sorts in the order of the promotions; it is empty until then.
    """

    service: str
    release_id: str
    version: str
    digest: str
    commit: str
    source: str
    destination: str
    promoted_at: str
    promoted_by: str
    blobs: int = 0
    bytes_copied: int = 0
    attachments: tuple[str, ...] = ()
    gates: tuple[GateResult, ...] = ()
    attestation: str = ""
    signature: str = ""


def gate_data(result: GateResult) -> dict[str, Any]:
    """One gate's result as plain data."""
    return {**asdict(result), "mode": result.mode.value, "verdict": result.verdict.value}


def promotion_data(promotion: Promotion) -> dict[str, Any]:
    """The record as plain data, as the release table keeps it and the modules return it."""
    return {
        **asdict(promotion),
        "attachments": list(promotion.attachments),
        "gates": [gate_data(gate) for gate in promotion.gates],
    }


class GateMode(Enum):
    """``REQUIRED`` stops the promotion unless it passes, ``WARN`` is reported, ``OFF`` is not measured."""

    REQUIRED = "required"
    WARN = "warn"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class GateResult:
    """What one gate found of one image; ``subject`` is the digest that was judged."""

    gate: str
    mode: GateMode
    verdict: Verdict
    seen: str
    expected: str
    subject: str = ""

    @property
    def stops(self) -> bool:
        """Whether the promotion must not go on."""
        return self.mode is GateMode.REQUIRED and self.verdict is not Verdict.HEALTHY
