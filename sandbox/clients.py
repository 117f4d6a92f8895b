# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""AWS clients of the emulator itself, for its services: no socket, no credentials, the caller's account and region.

A client is botocore's own: requests and answers have AWS's shapes, errors are `ClientError`. Only the transport is
replaced, by a call of the service's handler. Calls block: make them from a worker thread; on the server's loop they
work, but everything waits for them.
"""

import asyncio
import contextlib
import contextvars
import functools
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

import botocore.session
from botocore import UNSIGNED
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config

from sandbox.ministack import app, responses

# MiniStack's name of a service where it is not botocore's.
_HANDLERS = {"elbv2": "elasticloadbalancing", "cloudwatch": "monitoring"}
_making = threading.Lock()
_key: contextvars.ContextVar[str] = contextvars.ContextVar("emulator_client_key", default="")


def client(service: str) -> Any:
    """The client of `service` (botocore's name) in the account and region of the request being served."""
    with _making:
        return _client(service, responses.get_region())


@contextlib.contextmanager
def signing_with(key: str) -> Iterator[None]:
    """Inside it clients call with this access key: the account's own where it is empty."""
    before = _key.set(key)
    try:
        yield
    finally:
        _key.reset(before)


@functools.cache
def _client(service: str, region: str) -> Any:
    config = Config(
        signature_version=UNSIGNED,
        retries={"max_attempts": 0},
        parameter_validation=True,
        # S3: buckets in the path, and bodies as they are.
        s3={"addressing_style": "path"},
        request_checksum_calculation="when_required",
    )
    made = botocore.session.Session().create_client(
        service, region_name=region, endpoint_url="http://emulator.invalid", config=config
    )
    made.meta.events.register("before-send", functools.partial(_answer, service))  # type: ignore[arg-type]
    return made


def _answer(service: str, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
    """What the emulator answers to `request`; botocore then sends nothing."""
    handler = app.SERVICE_HANDLERS[_HANDLERS.get(service, service)]
    url = urlsplit(request.url)
    headers = {name.lower(): _text(value) for name, value in request.headers.items()}
    key = _key.get() or responses.get_account_id()
    headers["authorization"] = f"AWS4-HMAC-SHA256 Credential={key}/emulator, Signature=none"
    body: Any = request.body or b""
    body = body.read() if hasattr(body, "read") else body
    body = body.encode() if isinstance(body, str) else bytes(body)
    query = parse_qs(url.query, keep_blank_values=True)
    status, answered, content = _complete(handler(request.method, url.path, headers, body, query))
    content = content.encode() if isinstance(content, str) else content
    return AWSResponse(request.url, status, answered, _Body(content or b""))


def _complete(answering: Coroutine[Any, Any, Any]) -> Any:
    """The result of `answering`, on a loop of its own; on the server's loop that takes a thread of its own."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(answering)
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(contextvars.copy_context().run, asyncio.run, answering).result()


class _Body(BytesIO):
    """A response body as urllib3 would hand it over."""

    def stream(self, amount: int = 65536, **_: Any) -> Any:
        """The body in pieces of at most `amount` bytes."""
        while piece := self.read(amount):
            yield piece


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
