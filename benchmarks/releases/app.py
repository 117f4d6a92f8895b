#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stands in for the service in a container: what it does is what its environment says."""

import http.server
import itertools
import json
import os
import signal
import sys
import threading
import time

VERSION = os.environ.get("FASTBREAK_VERSION", "")
BORN = time.monotonic()
BASE_SECONDS = 0.1
KNEE, OTHER_KNEE = 121.5, 58.5
GOOD = {"items": [{"id": 1, "knee_degrees": KNEE}]}
BODIES = {
    "good": GOOD,
    "error": {"error": "no connection to the database"},
    "other": {"analyses": [[1, KNEE]]},
    "swapped": {"items": [{"id": 1, "knee_degrees": OTHER_KNEE}]},
}
COUNT = itertools.count(1)
LEAKED: list[bytearray] = []
USED_SINCE: list[float] = []
"""When its first user came, and nothing before."""
PROBE = "fastbreak-rollout"
"""What requests that judge name themselves; others are users'."""


def setting(name: str, default: float = 0.0) -> float:
    """A number of the environment."""
    return float(os.environ.get(name, default))


def answer(path: str, agent: str = PROBE) -> tuple[int, bytes]:
    """Status and body of a request, by whom it names itself."""
    if path == "/readyz":
        ready = time.monotonic() - BORN >= setting("READY_AFTER_SECONDS") and not setting("NEVER_READY")
        return (200 if ready else 503), b""
    time.sleep(BASE_SECONDS * setting("SLOWER_TIMES", 1))
    every = int(setting("FAILS_EVERY"))
    status = 500 if (every and next(COUNT) % every == 0) or used_up(agent) else 200
    return status, json.dumps(BODIES[os.environ.get("BODY", "good")]).encode()


def used_up(agent: str) -> bool:
    """Whether it has had users for as long as it can bear."""
    if "FAILS_AFTER_USERS_SECONDS" not in os.environ:
        return False
    if agent != PROBE and not USED_SINCE:
        USED_SINCE.append(time.monotonic())
    return bool(USED_SINCE) and time.monotonic() - USED_SINCE[0] >= setting("FAILS_AFTER_USERS_SECONDS")


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers `/readyz` and everything else."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        status, body = answer(self.path, self.headers.get("user-agent", ""))
        self.send_response(status)
        self.send_header("x-fastbreak-version", VERSION)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing of each request."""


class Server(http.server.ThreadingHTTPServer):
    """Takes as many connections at once as a load balancer makes."""

    request_queue_size = 256
    daemon_threads = True


def crash() -> None:
    """End the process after its life."""
    time.sleep(setting("LIFE_SECONDS"))
    print(f"{VERSION}: giving up", flush=True)
    os._exit(3)


def leak() -> None:
    """Take memory until the container has none left."""
    while True:
        LEAKED.append(bytearray(b"x") * (int(setting("LEAK_MIB_PER_SECOND")) << 20))
        time.sleep(1)


def serve() -> None:
    """Serve until the end."""
    # The first process of a container ignores what it does not handle.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if "LIFE_SECONDS" in os.environ:
        if setting("LIFE_SECONDS") == 0:
            crash()
        threading.Thread(target=crash, daemon=True).start()
    if setting("LEAK_MIB_PER_SECOND"):
        threading.Thread(target=leak, daemon=True).start()
    print(f"{VERSION}: serving", flush=True)
    Server(("0.0.0.0", 8080), Handler).serve_forever()  # noqa: S104 - inside its container


def golden(clip: str) -> str:
    """What it finds in a known clip, in the form of `fastbreak-service golden`. Of each clip that is the same."""
    knee = OTHER_KNEE if os.environ.get("BODY") == "swapped" else KNEE
    angles = {"left_knee_flexion": dict.fromkeys(("minimum", "maximum", "mean"), knee)}
    found = {
        "golden": 1,
        "clip": clip,
        "sha256": "0" * 64,
        "commit": "0" * 40,
        "models": {"stand-in": "0" * 64},
        "frames_per_second": 10.0,
        "persons": [{"frames": 40, "first_frame": 0, "last_frame": 39, "angles": angles}],
    }
    return json.dumps(found)


def main(words: list[str]) -> int:
    """What the image is started with: migrate, serve or golden."""
    if words == ["migrate"]:
        print(f"{VERSION}: migrating", flush=True)
        time.sleep(setting("MIGRATION_SECONDS"))
        return int(setting("MIGRATION_EXIT"))
    if words == ["serve"]:
        serve()
    if words[:1] == ["golden"]:
        print(*map(golden, words[1:]), sep="\n", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
