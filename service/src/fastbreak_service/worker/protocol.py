# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What server and worker say to each other: one JSON object a line, over the worker's standard streams."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from fastbreak_service.video.limits import Limits


@dataclass(frozen=True, slots=True)
class Job:
    """A video to analyse, and the CSV file that receives its measures. Paths are the server's own, never a sender's."""

    id: str
    video: str
    measures: str
    limits: Limits

    def line(self) -> str:
        """The job as a line."""
        return json.dumps(asdict(self)) + "\n"

    @staticmethod
    def parse(line: str) -> Job:
        """The job that a line holds."""
        fields = json.loads(line)
        return Job(**fields | {"limits": Limits(**fields["limits"])})


def event_line(kind: str, **content: Any) -> str:
    """An event as a line. Kinds: `ready`, `done` (result), `failed` (code, message)."""
    return json.dumps({"event": kind, **content}) + "\n"
