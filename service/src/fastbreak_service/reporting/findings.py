# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A finding with all that it stands on."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from fastbreak_service.reporting.baselines import baseline_part
from fastbreak_service.reporting.words import MEASURES, SIDES, STATUS, against, amount

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastbreak_service.movement.values import Finding


def finding_card(person: int, finding: Finding, shown_in: Mapping[int, str]) -> str:
    """The finding: measure, repetitions with values and errors, reference, view, rate, and the frames as pictures."""
    reference, own = finding.reference, finding.baseline
    side = f", {SIDES[finding.side]}" if SIDES[finding.side] else ""
    rows = "".join(
        f'<tr><td><a href="#event-{person}-{shown.contact_frame}">frame {shown.contact_frame}</a></td>'
        f'<td class="number">{amount(shown.value, shown.error, finding.unit)}</td><td>{shown.frame}</td>'
        f"<td>{'yes' if shown.clears else 'no'}</td></tr>"
        for shown in finding.shown
    )
    return (
        f'<article class="card {finding.status}"><h3>Person {person}: {MEASURES[finding.measure]}{side} '
        f'<span class="chip">{STATUS[finding.status]}</span></h3><p>{escape(finding.words)}</p>'
        '<div class="scroll"><table><thead><tr><th>Landing</th><th>Value ± error</th><th>Seen in frame</th>'
        f"<th>{against(reference, finding.unit)} by more than the error</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></div>"
        f"{_published(finding) if own is None else baseline_part(finding, own)}"
        f'<p class="soft">{finding.view} view, {finding.rate:g} frames a second, '
        f"{finding.repetitions} of the {finding.needed} repetitions that are needed at least.</p>"
        f"{_pictures(shown_in)}</article>"
    )


def _published(finding: Finding) -> str:
    reference = finding.reference
    return (
        f"<p><strong>Reference:</strong> {against(reference, finding.unit)}. {escape(reference.citation)}; "
        f"{escape(reference.population)}. Read from the {escape(reference.mark)} alone.</p>"
    )


def _pictures(shown_in: Mapping[int, str]) -> str:
    return f'<div class="pictures">{"".join(shown_in.values())}</div>' if shown_in else ""
