# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A call of botocore ends in its time, whatever the peer does."""

from __future__ import annotations

import contextlib
import contextvars
import signal
import socket
import threading
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._aws import api
from ansible_collections.fastbreak.aws.plugins.module_utils._aws.api import AwsClient
from ansible_collections.fastbreak.aws.plugins.module_utils._aws.deadline import (
    DeadlineError,
    call_within,
    forbid_abandoned,
    stop_when_abandoned,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._common.interruption import interruptible
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import UnavailableError
from botocore.config import Config

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: 100000\r\n\r\n"


class Dripping:
    """A peer that answers every request a byte at a time, well within what botocore waits for one."""

    def __init__(self, first: bytes) -> None:
        self._first, self._ended, self.requests = first, threading.Event(), 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._serve)]
        self._threads[0].start()

    def _serve(self) -> None:
        while not self._ended.is_set():
            with contextlib.suppress(OSError):
                peer, _address = self._listener.accept()
                self.requests += 1
                self._threads.append(threading.Thread(target=self._drip, args=(peer,)))
                self._threads[-1].start()

    def _drip(self, peer: socket.socket) -> None:
        with contextlib.suppress(OSError), peer:
            peer.recv(65536)
            peer.sendall(self._first)
            while not self._ended.wait(0.01):
                peer.sendall(b" " if self._first else b"X")

    def end(self) -> None:
        self._ended.set()
        with contextlib.suppress(OSError):
            socket.create_connection(self._listener.getsockname()).close()
        for thread in self._threads:
            thread.join()
        self._listener.close()


@pytest.fixture(params=[HEAD, b""], ids=["body", "head"])
def peer(request: pytest.FixtureRequest) -> Iterator[Dripping]:
    made = Dripping(request.param)
    yield made
    made.end()


class Ecs(AwsClient):
    label = "ECS"
    seconds = 0.3

    def list_clusters(self) -> Any:
        return self._call("list the clusters", "list_clusters")


def test_a_peer_that_answers_byte_by_byte_does_not_outlive_the_deadline(peer: Dripping) -> None:
    client = boto3.client(
        "ecs",
        region_name="us-east-1",
        endpoint_url=peer.url,
        aws_access_key_id="x",
        aws_secret_access_key="x",
        config=Config(read_timeout=30, retries={"total_max_attempts": 8}),
    )
    forbid_abandoned(client)
    with pytest.raises(UnavailableError, match=r"had not answered to the end within 0\.3 s"):
        Ecs(lambda: client).list_clusters()
    client.close()


def test_a_call_that_was_given_up_sends_nothing_more() -> None:
    ended, told, go_on = threading.Event(), [], threading.Event()

    def call() -> None:
        go_on.wait()
        try:
            stop_when_abandoned()
            told.append("sent")
        finally:
            ended.set()

    with pytest.raises(DeadlineError):
        call_within(0.01, call)
    go_on.set()
    ended.wait()
    assert told == []


def test_what_the_call_gives_raises_and_sees_of_its_context_is_its_own() -> None:
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable")
    variable.set("mine")
    assert call_within(60, variable.get) == "mine"
    for error in (ValueError("x"), KeyboardInterrupt("y")):
        with pytest.raises(type(error), match=str(error)):
            call_within(60, lambda error=error: _raise(error))  # type: ignore[misc]


def _raise(error: BaseException) -> None:
    raise error


def test_an_interrupt_ends_the_wait() -> None:
    never, main = threading.Event(), threading.main_thread().ident
    assert main

    def call() -> None:
        # As the kernel does: a signal that this thread raised would wait for the main one to wake up by itself.
        signal.pthread_kill(main, signal.SIGINT)
        never.wait()

    with pytest.raises(KeyboardInterrupt), interruptible():
        call_within(60, call)
    never.set()


@pytest.mark.parametrize("ends", [True, False])
def test_an_interrupt_leaves_what_was_sent_time_to_end_and_lets_nothing_more_be_sent(ends: bool) -> None:
    main, go_on, told = threading.main_thread().ident, threading.Event(), []
    assert main

    def call() -> None:
        signal.pthread_kill(main, signal.SIGINT)
        while True:
            try:
                stop_when_abandoned()
            except BaseException:
                told.append("held back")
                if not ends:
                    go_on.wait()
                told.append("ended")
                raise

    with pytest.raises(KeyboardInterrupt), interruptible():
        call_within(60, call, grace=60 if ends else 0.5)
    assert told == (["held back", "ended"] if ends else ["held back"])
    go_on.set()


@pytest.mark.parametrize(
    ("operation", "grace"),
    [
        ("update_service", 10.0),
        ("put_item", 10.0),
        ("modify_rule", 10.0),
        ("register_scalable_target", 10.0),
        ("list_clusters", 0.0),
        ("describe_services", 0.0),
        ("get_item", 0.0),
        ("query", 0.0),
    ],
)
def test_only_calls_that_change_something_are_waited_for(
    monkeypatch: pytest.MonkeyPatch, operation: str, grace: float
) -> None:
    told: list[float] = []

    def within(_seconds: float, call: Any, *, grace: float) -> Any:
        told.append(grace)
        return call()

    class Client:
        def __getattr__(self, name: str) -> Any:
            return lambda: name

    monkeypatch.setattr(api, "call_within", within)
    assert Ecs(Client)._call("do it", operation) == operation
    assert told == [grace]
