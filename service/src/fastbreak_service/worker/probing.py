# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A short-lived process that decides whether an upload can be analysed. Prints one JSON object.

python -m fastbreak_service.worker.probing FILE MAX_DURATION_SECONDS MAX_WORK_SECONDS
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from fastbreak_service.errors import RejectedVideoError
from fastbreak_service.video.limits import Limits
from fastbreak_service.video.probe import probe
from fastbreak_service.worker.confine import Allowance, confine
from fastbreak_service.worker.files import Files

# A crafted header can ask a demuxer for any amount of memory or time.
_ALLOWANCE = Allowance(address_space_bytes=2 << 30, file_bytes=0, cpu_seconds=20)


def main() -> None:
    """Probe the file named by the first argument."""
    video = Path(sys.argv[1])
    confine(_ALLOWANCE, Files(read=(video,)))
    try:
        probe(video, Limits(max_duration_seconds=float(sys.argv[2]), max_work_seconds=float(sys.argv[3])))
    except RejectedVideoError as error:
        print(json.dumps({"code": error.code, "message": error.message}))
    else:
        print(json.dumps({"code": None, "message": None}))


if __name__ == "__main__":
    main()
