# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What WAF's rules say of a request.

AWS WAF developer guide, "Rule statement types", "AWS Managed Rules rule groups list". Of managed groups only the rules
in `_MANAGED` are here; a group or statement that is not known matches nothing.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any

from sandbox.ministack import waf

_WINDOW_SECONDS = 300
_MOST_BODY_BYTES, _MOST_QUERY_BYTES = 8 * 1024, 2048
_COMMON, _BAD_INPUTS = "AWSManagedRulesCommonRuleSet", "AWSManagedRulesKnownBadInputsRuleSet"


@dataclass(frozen=True)
class Request:
    """What rules see of a request."""

    client: str
    method: str
    uri: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """Everything but the body, in small letters."""
        return " ".join([self.uri, self.query, *self.headers.values()]).lower()


_MANAGED: Mapping[str, Mapping[str, Callable[[Request], bool]]] = {
    _COMMON: {
        "NoUserAgent_HEADER": lambda request: not request.headers.get("user-agent"),
        "SizeRestrictions_BODY": lambda request: len(request.body) > _MOST_BODY_BYTES,
        "SizeRestrictions_QUERYSTRING": lambda request: len(request.query) > _MOST_QUERY_BYTES,
        "GenericLFI_URIPATH": lambda request: "../" in request.uri,
        "CrossSiteScripting_QUERYARGUMENTS": lambda request: "<script" in request.text,
    },
    _BAD_INPUTS: {
        "Log4JRCE_HEADER": lambda request: "${jndi:" in " ".join(request.headers.values()).lower(),
        "ExploitablePaths_URIPATH": lambda request: "/.git/" in request.uri,
    },
}


def metric_name(acl_arn: str) -> str:
    """What a web ACL is called in CloudWatch; empty when it does not exist or sends no metrics."""
    acl, _problem = waf._resolve_local_web_acl(acl_arn)
    shown = (acl or {}).get("VisibilityConfig") or {}
    return str(shown["MetricName"]) if str(shown.get("CloudWatchMetricsEnabled")).lower() == "true" else ""


@dataclass
class Firewall:
    """Counts requests for rate-based rules. `scaled` turns AWS's seconds into the sandbox's."""

    scaled: Callable[[float], float] = lambda seconds: seconds
    _seen: dict[tuple[str, str], deque[float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def clear(self) -> None:
        """Forget what was counted."""
        with self._lock:
            self._seen.clear()

    def blocks(self, acl_arn: str, request: Request) -> bool:
        """Whether a web ACL blocks a request; one that does not exist blocks nothing."""
        acl, _problem = waf._resolve_local_web_acl(acl_arn)
        if acl is None:
            return False
        for rule in sorted(acl["Rules"], key=lambda rule: int(rule["Priority"])):
            action = self._action(acl_arn, rule, request)
            if action in {"Block", "Allow"}:
                return action == "Block"
        return "Block" in acl["DefaultAction"]

    def _action(self, acl_arn: str, rule: Mapping[str, Any], request: Request) -> str:
        """Block, Allow or Count when the rule matches; empty when it does not."""
        statement = rule["Statement"]
        if "ManagedRuleGroupStatement" in statement:
            return _of_group(statement["ManagedRuleGroupStatement"], rule.get("OverrideAction") or {}, request)
        if not self._matches(f"{acl_arn}/{rule['Name']}", statement, request):
            return ""
        return str(next(iter(rule.get("Action") or {"Count": {}})))

    def _matches(self, name: str, statement: Mapping[str, Any], request: Request) -> bool:
        kind, told = next(iter(statement.items()))
        if kind == "RateBasedStatement":
            scope = told.get("ScopeDownStatement")
            return (not scope or self._matches(name, scope, request)) and self._too_many(name, told, request)
        if kind == "NotStatement":
            return not self._matches(name, told["Statement"], request)
        if kind in {"AndStatement", "OrStatement"}:
            every = all if kind == "AndStatement" else any
            return every(self._matches(name, part, request) for part in told["Statements"])
        if kind == "ByteMatchStatement":
            return _has_bytes(told, request)
        return kind == "IPSetReferenceStatement" and _is_in_set(told["ARN"], request.client)

    def _too_many(self, name: str, told: Mapping[str, Any], request: Request) -> bool:
        now = time.monotonic()
        window = self.scaled(float(told.get("EvaluationWindowSec") or _WINDOW_SECONDS))
        who = "" if told.get("AggregateKeyType") == "CONSTANT" else request.client
        with self._lock:
            seen = self._seen.setdefault((name, who), deque(maxlen=int(told["Limit"]) + 1))
            seen.append(now)
            while seen[0] < now - window:
                seen.popleft()
            return len(seen) > int(told["Limit"])


def _of_group(told: Mapping[str, Any], override: Mapping[str, Any], request: Request) -> str:
    rules = _MANAGED.get(told["Name"], {})
    actions = {item["Name"]: next(iter(item["ActionToUse"])) for item in told.get("RuleActionOverrides") or []}
    matched = [actions.get(name, "Block") for name, matches in rules.items() if matches(request)]
    if "Block" in matched and "Count" not in override:
        return "Block"
    return "Count" if matched else ""


def _has_bytes(told: Mapping[str, Any], request: Request) -> bool:
    place = next(iter(told["FieldToMatch"]))
    fields = {"UriPath": request.uri, "QueryString": request.query, "Method": request.method}
    if place == "SingleHeader":
        text = request.headers.get(str(told["FieldToMatch"][place]["Name"]).lower(), "")
    else:
        text = fields.get(place, "")
    wanted = str(told["SearchString"])
    if any(change["Type"] == "LOWERCASE" for change in told.get("TextTransformations", [])):
        text = text.lower()
    tests = {
        "EXACTLY": text == wanted,
        "STARTS_WITH": text.startswith(wanted),
        "ENDS_WITH": text.endswith(wanted),
    }
    return tests.get(told["PositionalConstraint"], wanted in text)


def _is_in_set(arn: str, client: str) -> bool:
    known = {str(record["ARN"]): record for record in waf._ip_sets.to_dict().values()}
    addresses = known[arn]["Addresses"] if arn in known else []
    return any(ip_address(client) in ip_network(address, strict=False) for address in addresses)
