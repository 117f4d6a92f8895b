# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Service Quotas: how many vCPUs Fargate lets an account have. The sandbox itself keeps to no quota."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sandbox.ministack import app, iam_actions, responses, router

if TYPE_CHECKING:
    from sandbox.host import Sandbox

_SERVICE = "servicequotas"
#: Quotas by their service and code: names as AWS has them, and what an account may have.
QUOTAS = {
    ("fargate", "L-3032A538"): ("Fargate On-Demand vCPU resource count", 1000.0),
    ("fargate", "L-36FBB829"): ("Fargate Spot vCPU resource count", 1000.0),
}


def install(_sandbox: Sandbox) -> None:
    """Serve the API next to MiniStack's."""
    router.SERVICE_PATTERNS[_SERVICE] = {
        "target_prefixes": ["ServiceQuotasV20190624"],
        "host_patterns": [r"servicequotas\."],
        "credential_scope": _SERVICE,
    }
    iam_actions.SERVICE_TO_IAM_NAMESPACE[_SERVICE] = _SERVICE
    app.SERVICE_HANDLERS[_SERVICE] = _handle


async def _handle(_method: str, _path: str, headers: dict[str, str], body: bytes, _query: dict[str, Any]) -> Any:
    action = headers.get("x-amz-target", "").partition(".")[2]
    if action != "GetServiceQuota":
        return responses.error_response_json(
            "UnknownOperationException", f"The sandbox has no {_SERVICE} action {action!r}", 400
        )
    asked = json.loads(body or b"{}")
    service, code = str(asked.get("ServiceCode", "")), str(asked.get("QuotaCode", ""))
    if (service, code) not in QUOTAS:
        return responses.error_response_json("NoSuchResourceException", f"No quota {code} of {service}", 400)
    name, value = QUOTAS[service, code]
    return responses.json_response(
        {
            "Quota": {
                "ServiceCode": service,
                "QuotaCode": code,
                "QuotaName": name,
                "Value": value,
                "Adjustable": True,
                "GlobalQuota": False,
                "Unit": "None",
            }
        }
    )
