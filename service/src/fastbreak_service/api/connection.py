# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""One HTTP connection: uvicorn's own, with time limits for slow callers and errors in the contract's form."""

from __future__ import annotations

import http
import json
import sys
import uuid
from typing import TYPE_CHECKING, Any

import h11
import structlog
from uvicorn.protocols.http.h11_impl import H11Protocol

from fastbreak_service.api.problem import MEDIA_TYPE, problem

if TYPE_CHECKING:
    import asyncio

HEADER_SECONDS = 20.0
"""From a connection's or a request's first moment until its headers are there."""
UNREAD_SECONDS = 60.0
"""How long an answer may wait for a caller that does not read it."""
SENDS_NO_MORE = "sends_no_more"
"""In a request's state: its caller sends no more on the connection. It may have gone, or still listen."""
UNSENT_SECONDS = 5.0
"""How long the rest of a body is read that nobody wants."""
log = structlog.get_logger()
_WRONG = {
    400: ("bad_request", "The request is not valid HTTP/1.1. Check the client or the proxy before it."),
    431: ("headers_too_large", "The request's headers are too large. Send fewer or shorter ones."),
    501: ("not_implemented", "The request's transfer coding is not understood. Send the body as it is, or chunked."),
}
_LATE = f"The request's headers did not arrive within {HEADER_SECONDS:g} seconds."


def bounded(version: str) -> type[BoundedConnection]:
    """The protocol class of a server whose release is `version`."""

    class Bounded(BoundedConnection):
        release = version

    return Bounded


class BoundedConnection(H11Protocol):
    """Nobody holds it by sending or reading slowly, and what is no HTTP is answered as every other error is."""

    release = "unreleased"

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._header_timer: asyncio.TimerHandle | None = None
        self._unread_timer: asyncio.TimerHandle | None = None
        self._unsent_timer: asyncio.TimerHandle | None = None
        self._refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn
        """Wait for headers, but not for ever."""
        super().connection_made(transport)
        # Whatever is unsent makes the timer of unread answers run, a rest that is smaller than any buffer too: also
        # one that a closed connection still holds.
        transport.set_write_buffer_limits(high=0)
        self._await_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timers."""
        self._cancel_timers()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes in; a request that begins must be whole in time."""
        if self._refused:
            return
        super().data_received(data)
        self._body_may_be_here()
        if self._in_headers:
            self._await_headers()
        else:
            self._headers_are_here()

    def eof_received(self) -> bool:  # type: ignore[override] # the base class never stays
        """The caller sends no more, and may still listen: an answer to a whole request is given, then comes the end."""
        answering = self.cycle is not None and not self.cycle.response_complete
        if self._refused or not answering or self.conn.their_state is h11.SEND_BODY:
            return False
        self.cycle.scope["state"][SENDS_NO_MORE] = True
        self.cycle.keep_alive = False
        return True

    def on_response_complete(self) -> None:
        """When the request's own body is still on its way, read on for a moment, so that the answer is heard."""
        super().on_response_complete()
        if self.conn.their_state is h11.SEND_BODY and self._unsent_timer is None:
            self._unsent_timer = self.loop.call_later(UNSENT_SECONDS, self.transport.close)

    def pause_writing(self) -> None:
        """The caller does not read."""
        super().pause_writing()
        if self._unread_timer is None:
            self._unread_timer = self.loop.call_later(UNREAD_SECONDS, self._give_up_writing)

    def resume_writing(self) -> None:
        """The caller reads again."""
        if self._unread_timer is not None:
            self._unread_timer.cancel()
            self._unread_timer = None
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP, with the status that fits."""
        wrong = sys.exception()
        status = wrong.error_status_hint if isinstance(wrong, h11.RemoteProtocolError) else 400
        status = status if status in _WRONG else 400
        log.info("request not understood", reason=str(wrong or msg), status=status)
        self._refuse(status, *_WRONG[status])

    @property
    def _in_headers(self) -> bool:
        idle = self.cycle is None or self.cycle.response_complete
        return idle and self.conn.their_state is h11.IDLE and not self.transport.is_closing()

    def _await_headers(self) -> None:
        if self._header_timer is None:
            self._header_timer = self.loop.call_later(HEADER_SECONDS, self._headers_are_late)

    def _headers_are_here(self) -> None:
        if self._header_timer is not None:
            self._header_timer.cancel()
            self._header_timer = None

    def _body_may_be_here(self) -> None:
        """A body that nobody wanted has come to its end all the same: the connection stays, for the next request."""
        if self._unsent_timer is not None and not self._refused and self.conn.their_state is not h11.SEND_BODY:
            self._unsent_timer.cancel()
            self._unsent_timer = None

    def _headers_are_late(self) -> None:
        self._header_timer = None
        if self._in_headers:
            self._refuse(408, "request_timeout", _LATE)

    def _give_up_writing(self) -> None:
        self._unread_timer = None
        log.info("answer not read", seconds=UNREAD_SECONDS)
        self.transport.abort()

    def _cancel_timers(self) -> None:
        for timer in (self._header_timer, self._unread_timer, self._unsent_timer):
            if timer is not None:
                timer.cancel()
        self._header_timer = self._unread_timer = self._unsent_timer = None

    def _refuse(self, status: int, code: str, message: str) -> None:
        """Send an error if an answer can still be sent, and close."""
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            body = json.dumps(problem(status, code, message)).encode()
            headers = [
                ("content-type", MEDIA_TYPE),
                ("content-length", str(len(body))),
                ("connection", "close"),
                ("cache-control", "no-store"),
                ("x-content-type-options", "nosniff"),
                ("x-fastbreak-version", self.release),
                ("x-request-id", uuid.uuid4().hex),
            ]
            reason = http.HTTPStatus(status).phrase.encode()
            response = h11.Response(status_code=status, headers=headers, reason=reason)
            for event in (response, h11.Data(data=body), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        # Closing with bytes unread would reset the connection, and the answer with it.
        self._refused = True
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._unsent_timer = self._unsent_timer or self.loop.call_later(UNSENT_SECONDS, self.transport.close)
