# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Request and response headers on their way through a load balancer.

Follows the ALB user guide: "HTTP headers and Application Load Balancers", "Request tracing", "Header modification".
"""

import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass

from multidict import CIMultiDict, CIMultiDictProxy

_HOP_BY_HOP = {
    "connection",
    "expect",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}
_VALID_NAME = re.compile(r"[A-Za-z0-9-]+")
_RESPONSE_HEADER = re.compile(r"routing\.http\.response\.(?P<name>[a-z_]+)\.header_value")
Headers = CIMultiDict[str] | CIMultiDictProxy[str]


@dataclass(frozen=True, kw_only=True)
class Connection:
    """How the client reached the load balancer."""

    client_address: str
    client_port: int
    protocol: str
    listener_port: int


def to_target(received: Headers, attributes: Mapping[str, str], connection: Connection) -> CIMultiDict[str]:
    """The headers a target gets, by the load balancer's attributes."""
    dropped = _named_by_connection(received) | _HOP_BY_HOP
    only_valid = attributes["routing.http.drop_invalid_header_fields.enabled"] == "true"
    sent: CIMultiDict[str] = CIMultiDict()
    for name, value in received.items():
        if name.lower() not in dropped and (not only_valid or _VALID_NAME.fullmatch(name)):
            sent.add(name, value)
    if "Host" in sent and attributes["routing.http.preserve_host_header.enabled"] != "true":
        sent["Host"] = _host(sent["Host"], connection.listener_port)
    _forwarded_for(sent, attributes, connection)
    sent["X-Forwarded-Proto"] = connection.protocol.lower()
    sent["X-Forwarded-Port"] = str(connection.listener_port)
    sent["X-Amzn-Trace-Id"] = _trace(sent.get("X-Amzn-Trace-Id", ""))
    return sent


def to_client(answered: Headers, listener_attributes: Mapping[str, str]) -> CIMultiDict[str]:
    """The headers a client gets of a target's answer, with those the listener adds."""
    dropped = _named_by_connection(answered) | _HOP_BY_HOP
    sent = CIMultiDict((name, value) for name, value in answered.items() if name.lower() not in dropped)
    for key, value in listener_attributes.items():
        if value and (found := _RESPONSE_HEADER.fullmatch(key)):
            sent[found["name"].replace("_", "-").title()] = value
    if listener_attributes.get("routing.http.response.server.enabled") == "false":
        sent.popall("Server", None)
    return sent


def _named_by_connection(headers: Headers) -> set[str]:
    return {name.strip().lower() for value in headers.getall("Connection", []) for name in value.split(",")}


def _host(host: str, listener_port: int) -> str:
    """The client's port is dropped on 80 and 443; on another listener port it becomes the listener's."""
    name = re.sub(r":\d+$", "", host)
    return name if listener_port in (80, 443) else f"{name}:{listener_port}"


def _forwarded_for(sent: CIMultiDict[str], attributes: Mapping[str, str], connection: Connection) -> None:
    mode = attributes["routing.http.xff_header_processing.mode"]
    if mode == "preserve":
        return
    before = ", ".join(sent.popall("X-Forwarded-For", []))
    if mode == "remove":
        return
    address = connection.client_address
    if attributes["routing.http.xff_client_port.enabled"] == "true":
        address = f"[{address}]:{connection.client_port}" if ":" in address else f"{address}:{connection.client_port}"
    sent["X-Forwarded-For"] = f"{before}, {address}" if before else address


def _trace(received: str) -> str:
    """`Root` is kept or made; a request that carries a `Root` already gets a `Self`."""
    fields = [field.strip() for field in received.split(";") if field.strip() and not field.strip().startswith("Self=")]
    own = f"1-{int(time.time()):08x}-{secrets.token_hex(12)}"
    return ";".join([f"Self={own}", *fields]) if any(field.startswith("Root=") for field in fields) else f"Root={own}"
