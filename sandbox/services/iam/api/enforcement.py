# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The checks of a request under `AUTH=true`: MiniStack's, on AWS's resources, and those of the roles that it passes."""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any

from sandbox.identity import CHECKED, Checked
from sandbox.ministack import app, iam, iam_actions, iam_evaluator, responses, tags
from sandbox.services.iam.api import acting
from sandbox.services.iam.model.call import Call, call_of
from sandbox.services.iam.model.passing import passed_by_call
from sandbox.services.iam.model.resources import resources_of

_call: ContextVar[tuple[Call, list[str]] | None] = ContextVar("fastbreak_iam_call", default=None)
_SCALING = "application-autoscaling"
Refusal = Any


def install() -> None:
    """Wrap what MiniStack asks before each request."""
    iam_actions.SERVICE_TO_IAM_NAMESPACE[_SCALING] = _SCALING
    # By the tags of what a call is on: aws:ResourceTag.
    tags._RESOURCE_TAG_COLLECTORS["cloudfront"] = tags._collect_cloudfront
    iam_actions.extract_resource_arn = _naming(iam_actions.extract_resource_arn)
    iam_evaluator.enforce = _enforcing(iam_evaluator.enforce)
    iam_actions.access_denied_response = _explaining(iam_actions.access_denied_response)
    app.pin_request_origin = _over_tls(app.pin_request_origin)


def _over_tls(pin: Callable[[str, bool], None]) -> Callable[[str, bool], None]:
    """The sandbox's endpoint stands for AWS's, which are asked over TLS."""

    def pin_request_origin(source_ip: str, _secure_transport: bool) -> None:
        pin(source_ip, True)

    return pin_request_origin


def _naming(extract: Callable[..., str]) -> Callable[..., str]:
    def extract_resource_arn(  # noqa: PLR0913, PLR0917 - MiniStack's signature
        service: str, method: str, path: str, headers: Any, body: bytes, parameters: Any, region: str, account: str
    ) -> str:
        call = call_of(service, headers, body, parameters)
        found = resources_of(call, region, account)
        named = found or [extract(service, method, path, headers, body, parameters, region, account)]
        _call.set((call, named[1:]))
        return named[0]

    return extract_resource_arn


def _enforcing(check: Callable[..., Refusal]) -> Callable[..., Refusal]:
    def enforce(  # noqa: PLR0913, PLR0917 - MiniStack's signature
        key: str,
        action: str,
        service: str,
        region: str,
        resource_arn: str = "*",
        service_context: Mapping[str, Any] | None = None,
    ) -> Refusal:
        if service == "sqs":
            # There are no actions for several messages: each is sent, deleted or left by the right to do so with one.
            action = action.removesuffix("Batch")
        call, others = _call.get() or (Call(service, action.partition(":")[2], {}), [])
        context = {**(service_context or {}), **_context(call)}

        def refuses(action: str, resource: str, more: Mapping[str, Any]) -> Refusal:
            refusal = check(key, action, service, region, resource_arn=resource, service_context={**context, **more})
            _record(key, action, resource, refusal)
            if refusal and (action, resource) != (asked, resource_arn):
                call.refused = (action, resource)
            return refusal

        asked = action
        needed: list[tuple[str, str, dict[str, str]]] = [(action, resource, {}) for resource in (resource_arn, *others)]
        needed += [("iam:PassRole", role, {"iam:PassedToService": to}) for role, to in passed_by_call(call)]
        refusal = next((found for need in needed if (found := refuses(*need))), None)
        if refusal is None:
            acting.remember(call, key)
        return refusal

    return enforce


def _explaining(respond: Callable[..., Any]) -> Callable[..., Any]:
    """Name the action that was refused, which may be another than the request's."""

    def access_denied_response(service: str, action: str, principal: str, request: str, **details: Any) -> Any:
        held = _call.get()
        if held and held[0].refused and not details.get("error_code"):
            action, details["resource_arn"] = held[0].refused
        return respond(service, action, principal, request, **details)

    return access_denied_response


def _context(call: Call) -> dict[str, Any]:
    """Condition keys that MiniStack does not fill in."""
    fields = call.fields
    if call.service == "iam":
        role = iam._roles.get(fields.get("RoleName") or "") or {}
        boundary = fields.get("PermissionsBoundary") or role.get("PermissionsBoundary")
        return {"iam:PermissionsBoundary": boundary} if boundary else {}
    if call.service == "ecs" and fields.get("cluster"):
        name = str(fields["cluster"]).rpartition("/")[2]
        place = f"{responses.get_region()}:{responses.get_account_id()}"
        return {"ecs:cluster": f"arn:aws:ecs:{place}:cluster/{name}"}
    if call.service == "events" and (entries := fields.get("Entries")):
        # Of several sources one is told: a call of ours has one.
        return {"events:source": str(entries[0].get("Source", ""))}
    if call.action == "PutMetricAlarm":
        named = [fields.get(name) or [] for name in ("AlarmActions", "OKActions", "InsufficientDataActions")]
        called = [arn for each in named if isinstance(each, list) for arn in each]
        return {"cloudwatch:AlarmActions": called} if called else {}
    if call.service == _SCALING and fields.get("ServiceNamespace"):
        return {"application-autoscaling:service-namespace": fields["ServiceNamespace"]}
    return {}


def _record(key: str, action: str, resource: str, refusal: Refusal) -> None:
    who = iam_evaluator.resolve_caller_identity(key or "") or {}
    CHECKED.append(Checked(str(who.get("userArn", "")), action, resource, refusal is None))
