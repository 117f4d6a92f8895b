# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Exchanges that have to be done in time, by real sockets and TLS."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.clock import SystemClock
from ansible_collections.fastbreak.aws.plugins.module_utils._common.timely import TimelyConnection, whole_body

from tests.registries.tls import make_certificate
from tests.unit.service.answers import Time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"


@contextmanager
def server(serve: Callable[[Any], None], context: ssl.SSLContext | None = None) -> Iterator[str]:
    """The authority of a server of one connection, which *serve* has."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def run() -> None:
            taken, _from = listening.accept()
            with suppress(OSError), context.wrap_socket(taken, server_side=True) if context else taken as link:
                link.settimeout(60)
                serve(link)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield f"127.0.0.1:{listening.getsockname()[1]}"
        thread.join(60)


@pytest.fixture(scope="module")
def contexts(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    folder: Path = tmp_path_factory.mktemp("tls")
    made = make_certificate(folder)
    ours, theirs = ssl.create_default_context(cafile=str(made.ca)), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    theirs.load_cert_chain(made.certificate, made.key)
    return ours, theirs


def test_body_that_drips_over_tls_ends_when_the_time_does(contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    time, (ours, theirs) = Time(), contexts
    asked: list[bytes] = []

    def drip(link: Any) -> None:
        asked.append(link.recv(4096))
        with time.until_asked():
            link.sendall(ANSWER)
        for _byte in range(20):
            time.sleep(1.0)
            with time.until_asked():
                link.sendall(b"x")

    with server(drip, theirs) as authority:
        connection = TimelyConnection(urlsplit(f"https://{authority}/"), seconds=5, now=time.monotonic, trusted=ours)
        connection.request("GET", "/a")
        answer = connection.getresponse()
        with pytest.raises(TimeoutError, match="not whole within 5 s"):
            whole_body(answer, 1000)
        connection.close()
        answer.close()
        time.end()
    assert asked[0].startswith(b"GET /a HTTP/1.1\r\nHost: " + authority.encode())


def test_server_that_never_shakes_hands_is_not_waited_for(contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    done = threading.Event()
    with server(lambda _link: bool(done.wait(60))) as authority:  # type: ignore[arg-type, return-value]
        address = urlsplit(f"https://{authority}/")
        connection = TimelyConnection(address, seconds=0.2, now=_real().monotonic, trusted=contexts[0])
        with pytest.raises(TimeoutError):
            connection.connect()
        done.set()
        connection.close()


def test_server_that_does_not_read_is_not_waited_for() -> None:
    done = threading.Event()
    with server(lambda _link: bool(done.wait(60))) as authority:  # type: ignore[arg-type, return-value]
        connection = TimelyConnection(urlsplit(f"http://{authority}/"), seconds=0.3, now=_real().monotonic)
        with pytest.raises(TimeoutError):
            connection.request("POST", "/", body=b"x" * (64 << 20))
        done.set()
        connection.close()


@pytest.mark.parametrize(("scheme", "host"), [("http", "a.example"), ("https", "a.example")])
def test_usual_port_is_not_part_of_the_host(scheme: str, host: str) -> None:
    connection = TimelyConnection(urlsplit(f"{scheme}://{host}/"), seconds=5, now=Time().monotonic)
    assert (connection.host, connection.port) == (host, {"http": 80, "https": 443}[scheme])
    assert connection.default_port == connection.port


def test_each_address_of_a_host_has_its_share_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(link: Any) -> None:
        link.recv(4096)
        link.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    with server(answer) as authority, socket.create_server(("127.0.0.1", 0)) as other:
        closed, port = other.getsockname(), int(authority.partition(":")[2])
        other.close()
        stream = (socket.AF_INET, socket.SOCK_STREAM, 0, "")
        found = [(*stream, closed), (*stream, ("127.0.0.1", port))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_asked, **_how: found)
        connection = TimelyConnection(urlsplit("http://two.example/"), seconds=60, now=_real().monotonic)
        connection.request("GET", "/")
        assert connection.getresponse().status == 204
        connection.close()


def test_an_address_of_a_family_that_this_machine_does_not_have_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    made = socket.socket

    def without_ipv6(family: int = -1, *rest: Any, **how: Any) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(97, "Address family not supported by protocol")
        return made(family, *rest, **how)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        there, kind = listening.getsockname(), (socket.SOCK_STREAM, 0, "")
        found = [(socket.AF_INET6, *kind, ("::1", there[1], 0, 0)), (socket.AF_INET, *kind, there)]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_asked, **_how: found)
        monkeypatch.setattr(socket, "socket", without_ipv6)
        connection = TimelyConnection(urlsplit("http://two.example/"), seconds=60, now=_real().monotonic)
        connection.connect()
        connection.close()
        found.pop()
        with pytest.raises(OSError, match="family not supported"):
            connection.connect()


@pytest.mark.parametrize("host", ["a" * 70 + ".example", "no-such-host.invalid"])
def test_what_has_no_address_is_an_error_of_the_network(host: str) -> None:
    connection = TimelyConnection(urlsplit(f"http://{host}/"), seconds=60, now=_real().monotonic)
    with pytest.raises(OSError, match=r"no name of a host|[Nn]ame"):
        connection.connect()


def _real() -> SystemClock:
    return SystemClock()
