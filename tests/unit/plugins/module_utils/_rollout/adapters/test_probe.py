# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""HTTP requests against a real server."""

from __future__ import annotations

import http.server
import re
import ssl
import threading
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.clock import SystemClock
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.adapters.probe import HttpProbe

from tests.registries.tls import make_certificate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class _Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/hang":
            threading.Event().wait(2)
        met = (self.headers["Host"], self.headers["X-Team"]) == ("a.example", "physio")
        self.send_response({"/away": 302, "/met": 200 if met else 404}.get(self.path, 200))
        self.send_header("X-Version", "v2")
        if self.path.startswith("/named"):
            # As a service does that names the request by what the load balancer calls it.
            self.send_header("X-Request-Id", self.headers["X-Amzn-Trace-Id"] + self.path.partition("?")[2])
        if self.path == "/away":
            self.send_header("Location", "https://me:hunter2@login.example.com/sign-in?state=hunter2")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_probe_tells_answers_from_silence_and_from_not_reaching(address: str) -> None:
    probe = HttpProbe(clock=SystemClock())

    def ask(url: str) -> Any:
        return probe.request("GET", url, timeout_seconds=0.5, version_header="x-version")

    assert (ask(address).status, ask(address).version) == (200, "v2")
    away = ask(f"{address}/away")
    assert (away.status, away.location) == (302, "https://login.example.com/sign-in")
    assert ask(address).location == ""
    headers = (("Host", "a.example"), ("X-Team", "physio"))
    for sent, status in ((headers, 200), (headers[:1], 404), ((), 404)):
        told = probe.request("GET", f"{address}/met", timeout_seconds=5, version_header="", headers=sent)
        assert told.status == status
    silent = ask(f"{address}/hang")
    assert (silent.status, silent.unreachable) == (0, False)
    assert ask("http://127.0.0.1:1/").unreachable
    assert ask("http://no-such-host.invalid/").unreachable


def test_probe_names_each_request_as_the_logs_do(address: str) -> None:
    probe = HttpProbe(clock=SystemClock())

    def ask(url: str) -> str:
        return probe.request("GET", url, timeout_seconds=5, version_header="").request_id

    first, second = ask(address), ask(address)
    assert re.fullmatch(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24}", first)
    assert first != second
    assert ask(f"{address}/named?;Self=1").endswith(";Self=1")
    # What is no name is not shown.
    assert re.fullmatch(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24}", ask(f"{address}/named?{'x' * 200}"))
    silent = probe.request("GET", f"{address}/hang", timeout_seconds=0.2, version_header="")
    assert (silent.status, silent.request_id[:7]) == (0, "Root=1-")


def test_probe_verifies_and_trusts_an_authority_of_its_own(tmp_path: Path) -> None:
    made = make_certificate(tmp_path)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Server)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(made.certificate, made.key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"https://127.0.0.1:{server.server_port}/"
    given = {"timeout_seconds": 5.0, "version_header": "x-version"}
    strange = HttpProbe(clock=SystemClock()).request("GET", url, **given)
    assert (strange.status, strange.unreachable) == (0, True)
    assert "CERTIFICATE_VERIFY_FAILED" in strange.problem
    assert HttpProbe(str(made.ca), clock=SystemClock()).request("GET", url, **given).status == 200
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("content", [None, "", "nothing"])
def test_a_bundle_without_authorities_is_refused_at_once(tmp_path: Path, content: str | None) -> None:
    bundle = tmp_path / "ca.pem"
    if content is not None:
        bundle.write_text(content)
    with pytest.raises(RequestError, match=r"certificates of ca_bundle .*ca\.pem.* Name a file of certificates"):
        HttpProbe(str(bundle), clock=SystemClock())


def test_address_of_this_machine_is_that_of_the_way_to_the_server(address: str) -> None:
    probe = HttpProbe(clock=SystemClock())
    assert probe.own_address(address) == "127.0.0.1"
    assert probe.own_address("http://nowhere.invalid:9000") == ""
    assert probe.own_address("no address") == probe.own_address("") == ""
