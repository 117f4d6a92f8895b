# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The metrics in a log event: those that a metric filter makes of it, and those of the embedded metric format.

AWS: CloudWatch Logs user guide, "Creating metrics from log events using filters"; CloudWatch user guide,
"Specification: Embedded metric format".
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.services.logs.model import patterns

_MOST_DIMENSIONS = 30
_METADATA = "_aws"


@dataclass(frozen=True)
class Datum:
    """A value of a metric."""

    namespace: str
    name: str
    dimensions: Mapping[str, str]
    value: float
    unit: str


def of_filter(metric_filter: Mapping[str, Any], message: str) -> Iterator[Datum]:
    """What a metric filter makes of an event: its value, or nothing; a default value is of periods without events."""
    if not patterns.matches(metric_filter["filterPattern"], message):
        return
    for change in metric_filter["metricTransformations"]:
        value = _number(change["metricValue"], message)
        dimensions = {name: _text(path, message) for name, path in (change.get("dimensions") or {}).items()}
        if value is not None and all(text is not None for text in dimensions.values()):
            known = {name: str(text) for name, text in dimensions.items()}
            yield Datum(change["metricNamespace"], change["metricName"], known, value, change.get("unit") or "None")


def embedded(message: str) -> Iterator[Datum]:
    """What an event in the embedded metric format carries; nothing when it is in another or a malformed one."""
    if f'"{_METADATA}"' not in message:
        return
    try:
        event = json.loads(message)
        directives = event[_METADATA]["CloudWatchMetrics"]
        for directive in directives:
            yield from _directive(directive, event)
    except (ValueError, KeyError, TypeError):
        # CloudWatch keeps such an event as a log line and makes no metric of it.
        return


def _directive(directive: dict[str, Any], event: dict[str, Any]) -> Iterator[Datum]:
    for names in directive.get("Dimensions") or [[]]:
        if len(names) > _MOST_DIMENSIONS or any(name not in event for name in names):
            continue
        dimensions = {name: str(event[name]) for name in names}
        for metric in directive["Metrics"]:
            values = event.get(metric["Name"])
            for value in values if isinstance(values, list) else [values]:
                if isinstance(value, int | float) and not isinstance(value, bool):
                    unit = metric.get("Unit") or "None"
                    yield Datum(directive["Namespace"], metric["Name"], dimensions, float(value), unit)


def _number(text: str, message: str) -> float | None:
    found = _text(text, message)
    try:
        return None if found is None else float(found)
    except (TypeError, ValueError):
        return None


def _text(text: str, message: str) -> Any:
    if not text.startswith("$."):
        return text
    try:
        return patterns.member(text[2:], json.loads(message))
    except ValueError:
        return None
