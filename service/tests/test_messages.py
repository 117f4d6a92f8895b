# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Messages that there is work: what they say, what SQS is asked, and what becomes of what it does not take."""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
import uuid
from concurrent.futures import wait
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.stub import Stubber
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

import fastbreak_service
from fastbreak_service.messages.content import MOST_CHARACTERS, Message, letter, read, written
from fastbreak_service.messages.ports import QueueError, Received
from fastbreak_service.messages.sending import LEFT_ALONE, MOST, Sender
from fastbreak_service.messages.sqs import SqsQueue

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

URL, DEAD = (f"https://sqs.eu-west-1.amazonaws.com/111111111111/{name}" for name in ("work", "dead"))
MESSAGE = Message(5, uuid.uuid4(), 3)
RECEIVED = Received(written(MESSAGE), "handle")

messages = st.builds(Message, st.integers(), st.uuids(), st.none() | st.integers())


@given(messages, st.text(max_size=40))
def test_a_message_is_read_as_it_was_written_and_so_is_a_dead_letter(message: Message, code: str) -> None:
    assert read(written(message)) == read(letter(message, code)) == message
    assert set(json.loads(written(message))) <= {"contract", "analysis", "segment"}


@given(messages, st.dictionaries(st.text().map("x{}".format), st.none() | st.text(max_size=20), max_size=3))
def test_what_a_later_release_adds_is_left_alone(message: Message, more: dict[str, str | None]) -> None:
    assert read(json.dumps({**more, **json.loads(written(message))})) in {message, None}


@given(st.text() | st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists).map(json.dumps))
def test_what_is_no_message_is_none(text: str) -> None:
    assert read(text) is None


OTHER_KINDS: dict[str, list[object]] = {
    "contract": [None, True, "5", 5.5, [], {}],
    "analysis": [None, True, 7, "x", [], {}, "0" * 31],
    "segment": [False, "3", 3.5, [], {}],
    "more": ["x" * MOST_CHARACTERS],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in OTHER_KINDS.items() for value in values])
def test_a_member_of_another_kind_makes_it_none(name: str, value: object) -> None:
    assert read(json.dumps({**json.loads(written(MESSAGE)), name: value})) is None


def test_nesting_without_end_is_none() -> None:
    assert read("[" * MOST_CHARACTERS) is None


@pytest.mark.parametrize(
    ("url", "region"), [(URL, "eu-west-1"), ("http://sandbox:4566/111111111111/work", "us-west-2")]
)
def test_the_queue_is_asked_in_the_region_of_its_address_or_of_the_task(
    monkeypatch: pytest.MonkeyPatch, url: str, region: str
) -> None:
    monkeypatch.setenv("AWS_REGION", "us-west-2")
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    assert SqsQueue(url, DEAD)._asking.meta.region_name == region


def test_the_image_keeps_what_each_client_of_aws_needs() -> None:
    root = Path(fastbreak_service.__file__).parents[2]
    sources = [path.read_text() for path in root.joinpath("src").rglob("*.py")]
    asked = {name for text in sources for name in re.findall(r"(?:boto3\.|create_)client\(\s*\"([a-z0-9-]+)\"", text)}
    kept = re.findall(r"! -name ([a-z0-9-]+)", root.joinpath("Dockerfile").read_text())
    assert asked == {"s3", "secretsmanager", "sqs"} == set(kept)


@pytest.mark.parametrize("answer", [b"[]", b"null", b"\xff", b'{"Messages": [{}]}', b'{"Messages": 1}'])
def test_whatever_answers_there_is_an_error_of_the_queue(monkeypatch: pytest.MonkeyPatch, answer: bytes) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(200)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "x")
        with pytest.raises(QueueError, match="Tried to receive from"):
            SqsQueue(URL, DEAD).receive(1, 60)
        server.shutdown()


@pytest.fixture(name="sqs")
def asked() -> Iterator[tuple[SqsQueue, Stubber]]:
    """A queue, and what SQS is asked."""
    client = boto3.client("sqs", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(client) as stub:
        yield SqsQueue(URL, DEAD, client), stub
        stub.assert_no_pending_responses()


def entries(*sent: Message, delay: int = 0) -> list[dict[str, object]]:
    return [
        {"Id": str(number), "MessageBody": written(message), "DelaySeconds": delay}
        for number, message in enumerate(sent)
    ]


def test_messages_are_sent_ten_at_a_time(sqs: tuple[SqsQueue, Stubber]) -> None:
    queue, stub = sqs
    many = [Message(5, MESSAGE.analysis, number) for number in range(13)]
    for part in (many[:10], many[10:]):
        stub.add_response(
            "send_message_batch",
            {"Successful": [], "Failed": []},
            {"QueueUrl": URL, "Entries": entries(*part, delay=900)},
        )
    queue.send(many, 3600)


def test_a_message_that_is_not_taken_is_an_error(sqs: tuple[SqsQueue, Stubber]) -> None:
    queue, stub = sqs
    failed = [{"Id": "0", "SenderFault": False, "Code": "InternalError", "Message": "no"}]
    stub.add_response("send_message_batch", {"Successful": [], "Failed": failed})
    with pytest.raises(QueueError, match=f"Tried to send to {URL}: 1 of 1 failed: no"):
        queue.send([MESSAGE])


@pytest.mark.parametrize(
    ("found", "expected"), [([], None), ([{"Body": RECEIVED.text, "ReceiptHandle": "handle"}], RECEIVED)]
)
def test_one_message_is_received_and_hidden(
    sqs: tuple[SqsQueue, Stubber], found: list[dict[str, str]], expected: Received | None
) -> None:
    queue, stub = sqs
    wanted = {"QueueUrl": URL, "MaxNumberOfMessages": 1, "WaitTimeSeconds": 20, "VisibilityTimeout": 60}
    stub.add_response("receive_message", {"Messages": found} if found else {}, wanted)
    assert queue.receive(20, 60.0) == expected


def test_a_message_is_left_deleted_and_buried(sqs: tuple[SqsQueue, Stubber]) -> None:
    queue, stub = sqs
    this = {"QueueUrl": URL, "ReceiptHandle": "handle"}
    stub.add_response("change_message_visibility", {}, {**this, "VisibilityTimeout": 15})
    stub.add_response("delete_message", {}, this)
    stub.add_response("send_message", {}, {"QueueUrl": DEAD, "MessageBody": letter(MESSAGE, "worker_died")})
    queue.leave(RECEIVED, 15.0)
    queue.delete(RECEIVED)
    queue.bury(MESSAGE, "worker_died")


def test_dead_letters_of_an_analysis_are_erased_and_others_seen_again(sqs: tuple[SqsQueue, Stubber]) -> None:
    queue, stub = sqs
    texts = {"own": letter(MESSAGE, "worker_died"), "other": written(Message(1, uuid.uuid4())), "strange": "?"}
    found = [{"Body": text, "ReceiptHandle": handle} for handle, text in texts.items()]
    stub.add_response("receive_message", {"Messages": found})
    stub.add_response("delete_message", {}, {"QueueUrl": DEAD, "ReceiptHandle": "own"})
    stub.add_response("receive_message", {})
    shown = [{"Id": str(i), "ReceiptHandle": h, "VisibilityTimeout": 0} for i, h in enumerate(("other", "strange"))]
    stub.add_response(
        "change_message_visibility_batch", {"Successful": [], "Failed": []}, {"QueueUrl": DEAD, "Entries": shown}
    )
    analyses = [MESSAGE.analysis, uuid.uuid4()]
    assert queue.erase(analyses) == dict(zip(analyses, (1, 0), strict=True))


@pytest.mark.parametrize("last", ["receive_message", "change_message_visibility_batch"])
def test_dead_letters_that_went_are_told_whatever_is_refused_next(sqs: tuple[SqsQueue, Stubber], last: str) -> None:
    queue, stub = sqs
    texts = {"own": letter(MESSAGE, "worker_died"), "other": "?"}
    found = [{"Body": text, "ReceiptHandle": handle} for handle, text in texts.items()]
    stub.add_response("receive_message", {"Messages": found})
    stub.add_response("delete_message", {})
    if last != "receive_message":
        stub.add_response("receive_message", {})
    stub.add_client_error(last, "OverLimit", "no")
    if last == "receive_message":
        stub.add_response("change_message_visibility_batch", {"Successful": [], "Failed": []})
    assert queue.erase({MESSAGE.analysis}) == {MESSAGE.analysis: 1}


def test_dead_letters_that_nobody_can_look_for_are_not_said_to_be_none(sqs: tuple[SqsQueue, Stubber]) -> None:
    queue, stub = sqs
    stub.add_client_error("receive_message", "OverLimit", "no")
    with pytest.raises(QueueError, match="Tried to look for dead letters in"):
        queue.erase({MESSAGE.analysis})


def test_a_refusal_says_what_was_tried_and_where(sqs: tuple[SqsQueue, Stubber]) -> None:
    queue, stub = sqs
    stub.add_client_error("delete_message", "AccessDenied", "no")
    with pytest.raises(QueueError, match=f"Tried to delete a message of {URL}: .*AccessDenied"):
        queue.delete(RECEIVED)


class Taking:
    """A queue that takes what it is sent, or does not."""

    def __init__(self, error: QueueError | None = None) -> None:
        self.sent: list[Message] = []
        self.asked = 0
        self.hanging = threading.Event()
        self.hanging.set()
        self._error = error

    def send(self, sent: Sequence[Message], _delay_seconds: float = 0) -> None:
        self.asked += 1
        self.hanging.wait(60)
        if self._error:
            raise self._error
        self.sent += sent


def told(queue: Taking | None, count: int = 1) -> list[str]:
    """What is logged of so many messages."""

    async def tell() -> None:
        sender = Sender(queue)  # type: ignore[arg-type] # only sending is asked for
        for _ in range(count):
            sender.tell(MESSAGE)
        while sender._sending:
            await asyncio.sleep(0)

    with capture_logs() as logged:
        asyncio.run(tell())
    return [str(entry["reason"]) for entry in logged]


def test_who_tells_of_work_does_not_wait_and_nothing_happens_when_nobody_hears() -> None:
    assert (told(None), told(Taking(QueueError("away")))) == ([], ["away"])
    queue = Taking()
    assert (told(queue), queue.sent) == ([], [MESSAGE])


def test_what_waits_to_be_sent_is_bounded() -> None:
    assert told(Taking(), MOST + 2) == [f"{MOST} others wait to be sent"] * 2


def test_a_queue_that_did_not_take_one_is_asked_again_after_a_while_alone() -> None:
    queue, now = Taking(QueueError("away")), 0.0
    sender = Sender(queue, lambda: now)  # type: ignore[arg-type] # only sending is asked for

    def tell(count: int) -> None:
        for _ in range(count):
            sender.tell(MESSAGE)
        wait(list(sender._sending))

    with capture_logs() as logged:
        tell(3)
        now = 29
        tell(1)
        assert (queue.asked, [entry["reason"] for entry in logged]) == (1, ["away", *[LEFT_ALONE] * 3])
        now = 30
        tell(1)
    assert queue.asked == 2
    sender.close()


def test_a_queue_that_hangs_holds_up_nothing_but_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fastbreak_service.messages.sending._PATIENCE_SECONDS", 0.01)
    queue = Taking()
    queue.hanging.clear()
    sender = Sender(queue)  # type: ignore[arg-type] # as above
    with capture_logs() as logged:
        for _ in range(3):
            sender.tell(MESSAGE)
        wait(list(sender._sending))
    queue.hanging.set()
    assert [entry["event"] for entry in logged] == ["message not handled yet", *["message not sent"] * 2]
    sender.close()


def test_a_stop_counts_what_waited_to_be_sent_and_not_what_is_being_sent() -> None:
    def not_sent() -> float:
        return REGISTRY.get_sample_value("fastbreak_messages_total", {"outcome": "not_sent"}) or 0

    before, queue = not_sent(), Taking()
    queue.hanging.clear()
    sender = Sender(queue)  # type: ignore[arg-type] # as above
    for _ in range(3):
        sender.tell(MESSAGE)
    sending = list(sender._sending)
    while not queue.asked:
        time.sleep(0.001)
    with capture_logs() as logged:
        sender.close()
    queue.hanging.set()
    wait([each for each in sending if not each.cancelled()])
    assert ([entry["messages"] for entry in logged], not_sent() - before, queue.sent) == ([2], 2, [MESSAGE])
