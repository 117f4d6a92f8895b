# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The service deployment API: list, describe, stop, continue; service revisions."""

import re
import time
from collections.abc import Container
from datetime import datetime
from typing import Any

from sandbox.ministack import ecs, responses
from sandbox.services.ecs.model import deployments, revisions
from sandbox.services.ecs.model.errors import Refused, Request, handler, invalid
from sandbox.services.ecs.model.records import LOCK, Record, service_of, wire
from sandbox.services.ecs.model.revisions import Revision, ServiceDeployment
from sandbox.services.ecs.model.stages import Stage, answer

_MOST = 20
_HOOK_ID = re.compile(r"ecs-[a-z]+-\S+")
_STOPPABLE = ("PENDING", "IN_PROGRESS")
_STOPPING = ("STOP_REQUESTED", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS")


@handler
def list_service_deployments(data: Request) -> dict[str, Any]:
    """Newest first, by status and time of creation."""
    with LOCK:
        service = service_of(data)
        created = data.get("createdAt") or {}
        after, before = _seconds(created.get("after"), 0.0), _seconds(created.get("before"), time.time() + 1)
        found = [
            record
            for record in reversed(list(revisions.SERVICE_DEPLOYMENTS.values()))
            if record.shown["serviceArn"] == service["serviceArn"]
            and after <= record.shown["createdAt"] <= before
            and record.status in (data.get("status") or [record.status])
        ]
        token, size = str(data.get("nextToken") or "0"), int(data.get("maxResults") or _MOST)
        if not token.isdecimal() or size < 1:
            raise invalid("nextToken and maxResults must be as an earlier answer and the API reference give them.")
        start = int(token)
        answer: dict[str, Any] = {"serviceDeployments": [_brief(record) for record in found[start : start + size]]}
        if len(found) > start + size:
            answer["nextToken"] = str(start + size)
        return answer


@handler
def describe_service_deployments(data: Request) -> dict[str, Any]:
    """Up to twenty service deployments; unknown ones are failures."""
    arns = _references(data, "serviceDeploymentArns")
    with LOCK:
        found = {
            arn: revisions.SERVICE_DEPLOYMENTS[arn] for arn in arns if _is_known(arn, revisions.SERVICE_DEPLOYMENTS)
        }
        return {
            "serviceDeployments": [_full(record) for record in found.values()],
            "failures": [{"arn": arn, "reason": "MISSING"} for arn in arns if arn not in found],
        }


@handler
def describe_service_revisions(data: Request) -> dict[str, Any]:
    """Up to twenty service revisions; unknown ones are failures."""
    arns = _references(data, "serviceRevisionArns")
    with LOCK:
        found = {arn: revisions.REVISIONS[arn] for arn in arns if _is_known(arn, revisions.REVISIONS)}
        return {
            "serviceRevisions": [_revision(record) for record in found.values()],
            "failures": [{"arn": arn, "reason": "MISSING"} for arn in arns if arn not in found],
        }


@handler
def stop_service_deployment(data: Request) -> dict[str, Any]:
    """Ask for the end of a deployment under way: ROLLBACK (the default) or ABORT."""
    with LOCK:
        record = _existing(data)
        kind = data.get("stopType") or "ROLLBACK"
        if kind not in ("ROLLBACK", "ABORT"):
            raise invalid(f"stopType must be ROLLBACK or ABORT, not {kind}.")
        arn = record.arn
        if record.status in _STOPPING:
            return {"serviceDeploymentArn": arn}
        if record.status not in _STOPPABLE or (record.shift and record.shift.step.stage is Stage.CLEAN_UP):
            raise Refused(
                "ConflictException", f"The service deployment {arn} is {record.status}: it cannot be stopped."
            )
        service = _service_of(record)
        if kind == "ABORT":
            deployments.abort(service, record)
        elif deployments.can_roll_back(service):
            revisions.settle(record, "ROLLBACK_REQUESTED")
        else:
            raise invalid(
                f"The service deployment {arn} cannot be rolled back: no earlier service deployment completed."
            )
        return {"serviceDeploymentArn": arn}


@handler
def continue_service_deployment(data: Request) -> dict[str, Any]:
    """Answer a paused lifecycle hook: CONTINUE, which is what no action means too, or ROLLBACK."""
    with LOCK:
        record, action = _existing(data), data.get("action") or "CONTINUE"
        if action not in ("CONTINUE", "ROLLBACK"):
            raise invalid(f"action must be CONTINUE or ROLLBACK, not {action}.")
        if not _HOOK_ID.fullmatch(str(data.get("hookId"))):
            raise invalid("Invalid hookId: hookId must follow the format: ecs-{hookType}-{id}")
        if record.status in revisions.FINISHED:
            raise invalid("Continuing a service deployment is not allowed for service deployment in terminal states.")
        course = record.shift if record.status == "IN_PROGRESS" else None
        answered = answer(course, str(data["hookId"]), action) if course else None
        if answered is None:
            raise invalid(
                "Provided hookId is either completed, unavailable, or not associated with the given Resource ARN"
            )
        deployments.keep(_service_of(record), record, answered)
        return {"serviceDeploymentArn": record.arn}


def _seconds(moment: Any, otherwise: float) -> float:
    """A timestamp of a request, as a number or ISO 8601, in seconds since the epoch."""
    if moment is None:
        return otherwise
    try:
        return datetime.fromisoformat(moment).timestamp() if isinstance(moment, str) else float(moment)
    except ValueError as error:
        raise invalid(f"{moment} is no timestamp.") from error


def _existing(data: Request) -> ServiceDeployment:
    arn = str(data.get("serviceDeploymentArn") or "")
    if not _is_known(arn, revisions.SERVICE_DEPLOYMENTS):
        raise Refused("ServiceDeploymentNotFoundException", "The service deployment does not exist.")
    return revisions.SERVICE_DEPLOYMENTS[arn]


def _service_of(record: ServiceDeployment) -> Record:
    service: Record = ecs._services[record.shown["serviceArn"].partition("service/")[2]]
    return service


def _is_known(arn: str, records: Container[str]) -> bool:
    return arn in records and arn.startswith(f"arn:aws:ecs:{responses.get_region()}:{responses.get_account_id()}:")


def _references(data: Request, key: str) -> list[str]:
    arns = list(dict.fromkeys(data.get(key) or []))
    if not 1 <= len(arns) <= _MOST:
        raise invalid(f"{key} must name 1 to {_MOST} ARNs.")
    return arns


def _brief(record: ServiceDeployment) -> Record:
    wanted = (
        "serviceDeploymentArn",
        "serviceArn",
        "clusterArn",
        "startedAt",
        "createdAt",
        "finishedAt",
        "statusReason",
    )
    shown = {key: record.shown[key] for key in wanted if key in record.shown}
    return shown | {"status": record.status, "targetServiceRevisionArn": record.revision}


def _full(record: ServiceDeployment) -> Record:
    configuration = record.configuration or record.state.configuration
    target = record.final or revisions.summary(record.deployment)
    return (
        wire(record.shown)
        | revisions.shifting_view(record)
        | {
            "targetServiceRevision": target | {"arn": record.revision} | revisions.traffic_view(record, target=True),
            "sourceServiceRevisions": [
                source | revisions.traffic_view(record, target=False)
                for source in record.shown["sourceServiceRevisions"]
            ],
            "deploymentConfiguration": configuration,
            "deploymentCircuitBreaker": revisions.breaker_view(record, configuration, target["requestedTaskCount"]),
            "alarms": revisions.alarms_view(record, configuration),
        }
    )


def _revision(record: Revision) -> Record:
    family = ecs._task_defs.get(ecs._resolve_td_key(record.shown["taskDefinition"])) or {}
    images = [
        {"containerName": item["name"], "image": item["image"]}
        | ({"imageDigest": record.digests[item["name"]]} if item["name"] in record.digests else {})
        for item in family.get("containerDefinitions", [])
    ]
    return wire(record.shown) | {"containerImages": images, "guardDutyEnabled": False} | _resolved(record)


def _resolved(record: Revision) -> Record:
    """`resolvedConfiguration` of a revision that serves in a target group."""
    used = [
        {"targetGroupArn": entry["targetGroupArn"]}
        | ({"productionListenerRule": rule} if (rule := _advanced(entry).get("productionListenerRule")) else {})
        for entry in record.load_balancers
        if entry.get("targetGroupArn")
    ]
    return {"resolvedConfiguration": {"loadBalancers": used}} if used else {}


def _advanced(entry: Record) -> Record:
    return entry.get("advancedConfiguration") or {}
