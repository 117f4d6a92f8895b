# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The config of a platform's image: its labels, and when it was created."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ConfigReading:
    """The config of one platform's image. ``problem`` says why it is not known; then nothing else is.

    ``labels`` is None when the config has none. ``created`` is the config's own text, empty when it has none.
    """

    image: str
    labels: tuple[tuple[str, str], ...] | None = None
    created: str = ""
    problem: str = ""


def read_config(image: str, content: bytes) -> ConfigReading:
    """What the config *content* says. One that is not what the image specification describes is a problem."""
    try:
        document = json.loads(content, parse_int=_nothing, parse_float=_nothing, parse_constant=_nothing)
    except (ValueError, RecursionError):
        return ConfigReading(image, problem="its config is not JSON")
    if not isinstance(document, dict):
        return ConfigReading(image, problem="its config is not a JSON object")
    created, inner = document.get("created") or "", document.get("config") or {}
    if not isinstance(created, str) or not isinstance(inner, dict):
        return ConfigReading(image, problem="its config is not an image's: `created` or `config` is of the wrong type")
    labels = inner.get("Labels")
    if labels is None:
        return ConfigReading(image, None, created)
    if not _is_labels(labels):
        return ConfigReading(image, problem="its config is not an image's: `config.Labels` must map text to text")
    return ConfigReading(image, tuple(sorted(labels.items())), created)


def _nothing(_number: str) -> None:
    """No number is needed here, and to read thousands of digits would take long."""


def _is_labels(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())
