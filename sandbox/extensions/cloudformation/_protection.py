"""Resources that a stack must not delete while they are protected; MiniStack's types delete them all the same."""

from collections.abc import Callable
from typing import Any

from ministack.services import alb, dynamodb
from ministack.services.cloudformation import provisioners

from sandbox.extensions.cloudformation._types import as_bool

Delete = Callable[[str, dict[str, Any]], None]


def install() -> None:
    """Wrap the types' deletes."""
    protections = {
        "AWS::ElasticLoadBalancingV2::LoadBalancer": _load_balancer,
        "AWS::DynamoDB::Table": _table,
    }
    for kind, reason in protections.items():
        entry = provisioners._RESOURCE_HANDLERS[kind]
        entry["delete"] = _refusing(entry["delete"], reason)


def _refusing(delete: Delete, reason: Callable[[str], str | None]) -> Delete:
    def handle(physical_id: str, properties: dict[str, Any]) -> None:
        if why := reason(physical_id):
            raise ValueError(f'Resource handler returned message: "{why}"')
        delete(physical_id, properties)

    return handle


def _load_balancer(arn: str) -> str | None:
    attributes = {item["Key"]: item["Value"] for item in alb._lb_attrs.get(arn) or []}
    if attributes.get("deletion_protection.enabled") == "true":
        return f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled"
    return None


def _table(name: str) -> str | None:
    if as_bool((dynamodb._tables.get(name) or {}).get("DeletionProtectionEnabled", False)):
        return (
            "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection "
            "first."
        )
    return None
