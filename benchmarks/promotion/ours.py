# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""One promotion in a process of its own: `python -m benchmarks.promotion.ours REQUEST`, in JSON; answers in JSON.

It does what an Ansible worker does with the task: the module is imported, its options validated with their defaults,
the ports wired; then the promotion runs, which is what is timed. How much memory the promotion adds is the peak of the
resident set from there on, less what the process held before.
"""

import gc
import json
import re
import sys
import time
from pathlib import Path
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.fastbreak.aws.plugins.module_utils._aws.connection import Connection
from ansible_collections.fastbreak.aws.plugins.module_utils._common.clock import SystemClock
from ansible_collections.fastbreak.aws.plugins.module_utils._common.entry import Context
from ansible_collections.fastbreak.aws.plugins.module_utils._common.progress import Silence
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.report import as_data
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.request import build_request
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.run import promote
from ansible_collections.fastbreak.aws.plugins.modules import image_promotion

# Modules carry no types.
MODULE: Any = image_promotion
_OWN = Path("/proc/self")


def _options(request: dict[str, Any]) -> dict[str, Any]:
    """The module's options, with its defaults for all that *request* does not say."""
    validated = ArgumentSpecValidator(MODULE.build_argument_spec()).validate(request)
    if validated.error_messages:
        raise SystemExit("; ".join(validated.error_messages))
    options: dict[str, Any] = validated.validated_parameters
    return options


def _resident_kib(field: str) -> int:
    found = re.search(rf"{field}:\s+(\d+) kB", (_OWN / "status").read_text())
    return int(found[1]) if found else 0


def _measured(options: dict[str, Any]) -> dict[str, Any]:
    """Promote, and say what it took."""
    request = build_request(options, MODULE.build_images(options))
    context = Context(Connection(options), SystemClock(), Silence(), check_mode=False)
    with MODULE.open_ports(options, context) as ports:
        gc.collect()
        before = _resident_kib("VmRSS")
        (_OWN / "clear_refs").write_text("5")  # the peak is counted from here on
        began = time.monotonic()
        result = as_data(promote(request, ports, check_mode=False))
        ended = time.monotonic()
        added = _resident_kib("VmHWM") - before
    return {
        "seconds": ended - began,
        "memory_before_kib": before,
        "memory_added_kib": added,
        "changed": result["changed"],
        "images": result["images"],
    }


if __name__ == "__main__":
    print(json.dumps(_measured(_options(json.loads(sys.argv[1])))))
