# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Peers that send or read a byte now and then, and an end from outside."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import FastbreakError, UnavailableError
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.names import Address

from tests.registries.drip import Drip
from tests.registries.sides import descriptor, transfer_between
from tests.unit.examples import cases
from tests.unit.plugins.module_utils._oci.case import IMAGE, MIB, World, nothing

if TYPE_CHECKING:
    from pathlib import Path

    from tests.registries.faulty import FaultyRegistry
    from tests.registries.sides import Sides

SECONDS = 0.2
ATTEMPTS = 2
OK = b"HTTP/1.1 200 OK\r\n"
LONG = OK + b"Content-Type: application/json\r\nContent-Length: 100000\r\n\r\n"
ENDLESS = OK + b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"

SLOW = {
    "nothing": (b"", b""),
    "a status line": (b"", OK),
    "a header": (OK + b"X: ", b"x"),
    "headers": (OK, b"X: y\r\n"),
    "answers that are none yet": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a body of a length": (LONG, b" "),
    "a body without a length": (OK + b"Connection: close\r\n\r\n", b" "),
    "chunks": (ENDLESS, b"1\r\n \r\n"),
    "the length of a chunk": (ENDLESS, b"0"),
    "a refusal": (b"HTTP/1.1 503 Busy\r\nContent-Length: 60000\r\n\r\n", b" "),
    "a redirect": (b"HTTP/1.1 307 There\r\nLocation: /\r\nContent-Length: 60000\r\n\r\n", b" "),
}


@pytest.mark.parametrize("what", list(cases(SLOW)))
def test_a_peer_that_sends_a_byte_now_and_then_is_given_up(sides: Sides, what: str) -> None:
    with Drip(*SLOW[what]) as peer:
        client = sides.connect(peer, timeout_seconds=SECONDS, attempts=ATTEMPTS).registry
        for ask in (client.read_manifest, client.find_manifest):
            began = time.monotonic()
            with pytest.raises(FastbreakError):
                ask(Address("a/b", "1.0"))
            # Each attempt reads a head and a body. A peer that were not given up would send for ever.
            assert time.monotonic() - began < ATTEMPTS * 2 * (SECONDS + 10)


def test_a_slow_tls_handshake_is_given_up(sides: Sides, certificate: Any) -> None:
    with Drip(greets=True, slowly=b"\x16\x03\x03\x40\x00" + bytes(1000)) as peer:
        settings = {"plain_http": False, "ca_bundle": str(certificate.ca)}
        side = sides.connect(peer, timeout_seconds=SECONDS, attempts=ATTEMPTS, connect_seconds=SECONDS, **settings)
        with pytest.raises(UnavailableError, match="did not answer in time"):
            side.registry.read_manifest(Address("a/b", "1.0"))


def test_a_slow_proxy_is_given_up(sides: Sides, certificate: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with Drip(slowly=b"HTTP/1.1 200 Established\r\n") as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "")
        peer = type("Peer", (), {"host": "registry.example", "url": "https://registry.example"})
        side = sides.connect(
            peer, timeout_seconds=SECONDS, attempts=ATTEMPTS, connect_seconds=SECONDS, ca_bundle=str(certificate.ca)
        )
        with pytest.raises(UnavailableError, match="did not answer in time"):
            side.registry.read_manifest(Address("a/b", "1.0"))


def test_a_destination_that_reads_a_byte_now_and_then_is_given_up(world: World, tmp_path: Path) -> None:
    begun = b"HTTP/1.1 202 Accepted\r\nLocation: /v2/c/d/blobs/uploads/1\r\nContent-Length: 0\r\n\r\n"
    blob = world.hold(8 * MIB)
    with Drip(begun, reads=False) as peer:
        source = world.sides.connect(world.source, writes=False)
        destination = world.sides.connect(peer, timeout_seconds=SECONDS, attempts=ATTEMPTS)
        made = transfer_between(source, destination, tmp_path, chunk_bytes=8 * MIB)
        with pytest.raises(UnavailableError, match="did not answer in time"):
            made.copy_blob("a/b", descriptor(blob), "c/d", nothing)


def test_a_slow_source_does_not_count_against_the_destination(world: World) -> None:
    blob = world.hold(1000)
    world.source.fault("GET", "/blobs/", delay_seconds=3 * SECONDS)
    made = world.transfer(destination={"timeout_seconds": SECONDS})
    made.copy_blob("a/b", descriptor(blob), "c/d", nothing)
    assert world.has(blob)


def test_a_body_that_is_long_and_comes_steadily_is_read_to_its_end(world: World) -> None:
    blob = world.hold(2 * MIB)
    # Eight stretches of 256 KiB, each in a third of the time for one, all together in more than that.
    world.source.pace_seconds = SECONDS / 3
    made = world.transfer(source={"timeout_seconds": SECONDS}, chunk_bytes=4 * MIB)
    began = time.monotonic()
    made.copy_blob("a/b", descriptor(blob), "c/d", nothing)
    assert time.monotonic() - began > SECONDS
    assert world.has(blob)


@pytest.mark.parametrize("what", SLOW)
def test_whatever_is_waited_for_can_be_ended_from_outside(sides: Sides, what: str) -> None:
    with Drip(*SLOW[what]) as peer:
        client = sides.connect(peer, timeout_seconds=60).registry
        ended: list[BaseException] = []

        def ask() -> None:
            try:
                client.read_manifest(Address("a/b", "1.0"))
            except FastbreakError as error:
                ended.append(error)

        thread = threading.Thread(target=ask)
        thread.start()
        assert peer.came.wait(60)
        client.hang_up()
        thread.join(20)
        assert not thread.is_alive()
        assert "the run was ended" in str(ended[0])


def test_nothing_is_asked_after_the_end(client: Any, registry: FaultyRegistry) -> None:
    client.find_manifest(Address("a/b", IMAGE.digest))
    registry.clear()
    client.hang_up()
    with pytest.raises(UnavailableError, match="the run was ended"):
        client.find_manifest(Address("a/b", IMAGE.digest))
    assert registry.requests == []
