# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Which rule a request meets: pure. Follows the ALB user guide, "Condition types for listener rules"."""

import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a rule can look at. Header names are in lower case; `path` and `query` are as the client sent them."""

    method: str
    path: str
    query: str
    host: str
    headers: Mapping[str, Sequence[str]]
    client_address: str


def matches(conditions: Iterable[Mapping[str, Any]], request: Request) -> bool:
    """Whether the request meets all conditions; a condition is met when any of its values is."""
    return all(_meets(condition, request) for condition in conditions)


def _meets(condition: Mapping[str, Any], request: Request) -> bool:
    field = condition.get("Field", "")
    values = list(condition.get("Values") or [])
    if regexes := condition.get("RegexValues"):
        return any(re.search(regex, text) for regex in regexes for text in _texts(field, condition, request))
    if field == "query-string":
        return _meets_query(condition.get("QueryStringConfig", {}).get("Values", []), request.query)
    if field == "http-request-method":
        return request.method in values
    if field == "source-ip":
        client = ipaddress.ip_address(request.client_address)
        return any(client in ipaddress.ip_network(value, strict=False) for value in values)
    if field == "http-header":
        values = list(condition.get("HttpHeaderConfig", {}).get("Values") or values)
    case_matters = field == "path-pattern"
    return any(
        wildcard(value, text, case_matters=case_matters)
        for value in values
        for text in _texts(field, condition, request)
    )


def _texts(field: str, condition: Mapping[str, Any], request: Request) -> Sequence[str]:
    if field == "path-pattern":
        return [request.path]
    if field == "host-header":
        return [request.host.rpartition(":")[0] if re.search(r":\d+$", request.host) else request.host]
    if field == "http-header":
        name = condition.get("HttpHeaderConfig", {}).get("HttpHeaderName", "")
        return request.headers.get(name.lower(), [])
    return []


def _meets_query(wanted: Iterable[Mapping[str, str]], query: str) -> bool:
    pairs = [part.partition("=") for part in query.split("&") if part]
    decoded = [(unquote_plus(key), unquote_plus(value)) for key, _, value in pairs]
    return any(
        wildcard(want.get("Value", ""), value, case_matters=False)
        and (not want.get("Key") or wildcard(want["Key"], key, case_matters=False))
        for want in wanted
        for key, value in decoded
    )


def wildcard(pattern: str, text: str, *, case_matters: bool) -> bool:
    """Whether `text` matches `pattern`, where `*` is any run of characters and `?` exactly one."""
    expression = "".join({"*": ".*", "?": "."}.get(character, re.escape(character)) for character in pattern)
    flags = re.DOTALL if case_matters else re.DOTALL | re.IGNORECASE
    return re.fullmatch(expression, text, flags) is not None
