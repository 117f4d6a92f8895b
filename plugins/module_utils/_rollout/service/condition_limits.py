# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which values the conditions of a listener rule may have. Each function says why AWS would refuse a value. Pure.

From "Condition types for listener rules" in the Application Load Balancers user guide, and from `RuleCondition` and the
shapes of its members in the API reference.
"""

from __future__ import annotations

import ipaddress
import re

from ..._common.http_token import is_token

_LONGEST_NAME, _LONGEST = 40, 128
_HOST = re.compile(r"[A-Za-z0-9.*?-]+")
_PATH = re.compile(r"(?:[A-Za-z0-9_.$/~\"'@:+*?-]|&amp;|&)+")
_METHOD = re.compile(rf"[A-Z_-]{{1,{_LONGEST_NAME}}}")
# Characters of a query as RFC 3986 has them, wildcards, and the backslash that makes a wildcard a plain character.
_QUERY = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2}|\\[*?])*")
_VISIBLE = re.compile(r"[\x20-\x7e]*")


def host_problem(value: str) -> str:
    """Why *value* is no host name or pattern of `host_headers`."""
    if "://" in value:
        return "is an address; write the host name alone"
    if re.search(r":\d*$", value):
        return "has a port, which no rule compares; write the host name alone"
    if not _HOST.fullmatch(value):
        return "is no host name, which has letters, digits, '-' and '.', besides the wildcards * and ?"
    if not re.search(r"\.[A-Za-z]+$", value):
        return "does not end in '.' and letters, which AWS wants of a host name"
    return _length_problem(value)


def path_problem(value: str) -> str:
    """Why *value* is no pattern of `path_patterns`."""
    if not _PATH.fullmatch(value):
        return "has a character that no path of a rule may have: take letters, digits, _ - . $ / ~ \" ' @ : + & * ?"
    if value[0] not in "/*?":
        return "does not begin with '/', so that no request could have it"
    return _length_problem(value)


def header_problem(value: str) -> str:
    """Why *value* is no value of `http_headers`."""
    return _length_problem(value) if _VISIBLE.fullmatch(value) else "has characters other than visible ASCII"


def query_problem(value: str) -> str:
    """Why *value* is no key or value of `query_strings`."""
    if not _QUERY.fullmatch(value):
        return "has a character that no query string has; write it percent-encoded, as %20 for a space"
    return _length_problem(value)


def method_problem(value: str) -> str:
    """Why *value* is no method of `request_methods`."""
    return "" if _METHOD.fullmatch(value) else "is no method, which is written in capitals, '-' and '_'"


def network_problem(value: str) -> str:
    """Why *value* is no CIDR block of `source_ips`."""
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        return "is no CIDR block, such as 192.0.2.0/24"
    return "" if value.lower() == str(network) else f"is no CIDR block as AWS writes it; write {network}"


def header_name_problem(name: str) -> str:
    """Why *name* is no name of a header in `http_headers`."""
    if name.lower() == "host":
        return "names the header Host in http_headers; that is host_headers"
    if not is_token(name) or len(name) > _LONGEST_NAME:
        return f"names {name!r} in http_headers, which is no name of a header of up to {_LONGEST_NAME} characters"
    return ""


def _length_problem(value: str) -> str:
    return "" if len(value) <= _LONGEST else f"has {len(value)} characters, where AWS takes {_LONGEST} at most"
