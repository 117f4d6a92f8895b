# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""SQS on this machine: MiniStack of the sandbox's environment, with this service of AWS alone."""

from __future__ import annotations

import json
import os
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import httpx

from support.postgres import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

_MINISTACK = Path(__file__).parents[3] / ".venv" / "bin" / "ministack"
_ACCOUNT = "111111111111"


@dataclass
class Sqs:
    """A queue with one of dead letters; `settings` are a service's."""

    address: str

    def __post_init__(self) -> None:
        """Make both."""
        self.environment = {
            "AWS_ENDPOINT_URL": self.address,
            "AWS_ACCESS_KEY_ID": _ACCOUNT,
            "AWS_SECRET_ACCESS_KEY": "x",
            "AWS_REGION": "us-east-1",
        }
        self.client = boto3.client(
            "sqs",
            endpoint_url=self.address,
            region_name="us-east-1",
            aws_access_key_id=_ACCOUNT,
            aws_secret_access_key="x",
        )
        self.dead = self.client.create_queue(QueueName="dead")["QueueUrl"]
        self.work = self.client.create_queue(QueueName="work")["QueueUrl"]
        self.settings = {
            **self.environment,
            "FASTBREAK_QUEUE_URL": self.work,
            "FASTBREAK_DEAD_LETTER_QUEUE_URL": self.dead,
        }

    def send(self, text: str) -> None:
        """Say something to workers."""
        self.client.send_message(QueueUrl=self.work, MessageBody=text)

    def counted(self, url: str) -> int:
        """How many messages are in a queue, seen or not."""
        names = ("", "NotVisible", "Delayed")
        asked = [f"ApproximateNumberOfMessages{name}" for name in names]
        found = self.client.get_queue_attributes(QueueUrl=url, AttributeNames=asked)["Attributes"]
        return sum(map(int, found.values()))

    def wait_for(self, url: str, count: int) -> None:
        """Wait until so many messages are in a queue."""
        deadline = time.monotonic() + 120
        while (seen := self.counted(url)) != count:
            assert time.monotonic() < deadline, f"{seen} messages are in {url}, not {count}"
            time.sleep(0.1)

    def letters(self) -> list[dict[str, Any]]:
        """What some dead letters say; they stay."""
        found = self.client.receive_message(QueueUrl=self.dead, MaxNumberOfMessages=10, VisibilityTimeout=0)
        return [json.loads(message["Body"]) for message in found.get("Messages", [])]


@contextmanager
def running(folder: Path) -> Iterator[Sqs]:
    """SQS, until the block ends."""
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "SERVICES": "sqs",
        "MINISTACK_ACCOUNT_ID": _ACCOUNT,
        # It looks after containers, and there are none of it.
        "DOCKER_HOST": f"unix://{folder}/none.sock",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "STATE_DIR": str(folder / "state"),
        "S3_DATA_DIR": str(folder / "s3"),
    }
    with (folder / "sqs.log").open("wb") as log:
        process = subprocess.Popen([str(_MINISTACK)], env=environment, stdout=log, stderr=log, cwd=folder)
    try:
        _wait_ready(f"http://127.0.0.1:{port}", process, folder / "sqs.log")
        yield Sqs(f"http://127.0.0.1:{port}")
    finally:
        process.kill()
        process.wait()


def _wait_ready(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 120
    while True:
        try:
            if httpx.get(f"{address}/_ministack/health", timeout=5).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
