#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A service that behaves as its environment says. It runs in the containers that the tests release."""

import http.server
import json
import os
import signal
import sys
import threading
import time
from pathlib import Path

VERSION = os.environ.get("FASTBREAK_VERSION", "")
BORN = time.monotonic()


def setting(name: str, default: float) -> float:
    """A number of the environment."""
    return float(os.environ.get(name, default))


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers `/readyz` and one route, to which a body may be sent as well."""

    def do_POST(self) -> None:
        taken = len(self.rfile.read(int(self.headers["content-length"])))
        body = json.dumps({"state": "queued", "bytes": taken, "type": self.headers["content-type"]}).encode()
        self.send_response(202)
        self.send_header("x-fastbreak-version", VERSION)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        ready = time.monotonic() - BORN >= setting("READY_AFTER_SECONDS", 0)
        status = (200 if ready else 503) if self.path == "/readyz" else int(setting("ROUTE_STATUS", 200))
        self.send_response(status)
        self.send_header("x-fastbreak-version", VERSION)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing of each request."""


def die() -> None:
    """End the process after its life."""
    time.sleep(setting("LIFE_SECONDS", 0))
    print(f"{VERSION}: out of memory, giving up", flush=True)
    os._exit(3)


if sys.argv[1:] == ["migrate"]:
    print(f"{VERSION}: migrating", flush=True)
    Path("/tmp/migrated").touch()  # noqa: S108 - the container's own
    sys.exit(int(setting("MIGRATION_EXIT", 0)))
if sys.argv[1:2] == ["golden"]:
    knee = {"minimum": 10.0, "maximum": 90.0, "mean": setting("KNEE_DEGREES", 40)}
    person = {"frames": 30, "first_frame": 0, "last_frame": 29, "angles": {"left_knee": knee}}
    found = {"golden": 1, "clip": "c.mp4", "sha256": "c", "commit": VERSION[-40:], "models": {"pose": "a"}}
    print(json.dumps({**found, "frames_per_second": 40.0, "persons": [person], "findings": None}), flush=True)
    sys.exit(0)
if sys.argv[1:2] == ["probe"]:
    # The service's own, which lies beside this file; sent as fast as they are answered.
    from fastbreak_service import probing

    words = dict(zip(sys.argv[2:-1:2], sys.argv[3:-1:2], strict=True))
    asked = probing.ProbeRequest(
        words["--method"],
        sys.argv[-1],
        int(words["--count"]),
        float(words["--interval"]),
        float(words["--timeout"]),
        words.get("--version-header", ""),
        keep=int(words["--keep"]),
    )
    for line in probing.answers(asked, sleep=lambda _seconds: None):
        print(line, flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print(f"{VERSION}: serving", flush=True)
if setting("LIFE_SECONDS", 0):
    threading.Thread(target=die, daemon=True).start()
http.server.ThreadingHTTPServer(("0.0.0.0", 8080), Handler).serve_forever()  # noqa: S104 - inside its container
