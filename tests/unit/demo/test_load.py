# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tally of a load is what a reader of the demo trusts."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from demo.load import SteadyLoad, Tally


def test_failures_before_the_first_success_are_counted_apart() -> None:
    tally = Tally()
    for outcome in ("503", "ConnectError", "200", "500", "200"):
        tally.add(outcome, None)
    assert (tally.before_first_success, tally.requests, tally.failures) == (2, 3, 1)


def test_the_sentence_names_every_kind_of_failure() -> None:
    tally = Tally(seconds=2.0)
    for outcome in ("200", "500", "500", "ReadTimeout"):
        tally.add(outcome, "1.0.0")
    assert tally.sentence() == "4 user requests in 2 s, 3 failed (2 x 500, 1 x ReadTimeout)"


def test_without_any_success_nothing_passes_for_a_request_served() -> None:
    tally = Tally()
    tally.add("503", None)
    assert (tally.requests, tally.before_first_success) == (0, 1)


class _Flaky(BaseHTTPRequestHandler):
    """Answers 200 and 500 by turns."""

    turns = 0

    def do_GET(self) -> None:
        type(self).turns += 1
        self.send_response(200 if self.turns % 2 else 500)
        self.send_header("x-fastbreak-version", "1.2.3-abc")
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the base class names it so
        """Say nothing: pytest's output is for the tests."""


@pytest.fixture
def flaky_url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Flaky)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_load_counts_what_a_real_server_answers(flaky_url: str) -> None:
    reached = threading.Event()
    with SteadyLoad(flaky_url, per_second=100, threads=2) as load:
        while load.tally.requests < 10:
            reached.wait(0.01)
    assert load.tally.outcomes["200"] + load.tally.outcomes["500"] == load.tally.requests
    assert load.tally.failures == load.tally.outcomes["500"] > 0
    assert load.tally.versions["1.2.3-abc"] == load.tally.requests
