"""A short-lived process that decides whether an upload can be analysed. Prints one JSON object.

python -m fastbreak_service.worker.probing FILE MAX_DURATION_SECONDS MAX_WORK_SECONDS
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

from fastbreak_service.errors import RejectedVideoError
from fastbreak_service.video.limits import Limits
from fastbreak_service.video.probe import probe

# A crafted header can ask a demuxer for any amount of memory or time.
_ADDRESS_SPACE_BYTES = 2 << 30
_CPU_SECONDS = 30


def main() -> None:
    """Probe the file named by the first argument."""
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE_BYTES, _ADDRESS_SPACE_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
    try:
        probe(Path(sys.argv[1]), Limits(max_duration_seconds=float(sys.argv[2]), max_work_seconds=float(sys.argv[3])))
    except RejectedVideoError as error:
        print(json.dumps({"code": error.code, "message": error.message}))
    else:
        print(json.dumps({"code": None, "message": None}))


if __name__ == "__main__":
    main()
