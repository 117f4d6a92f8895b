"""AWS::ECR::Repository: exclusion filters, and policies that are refused when they are none.

MiniStack's type drops the former and takes anything for the latter.
"""

import json
from typing import Any

from ministack.services import ecr
from ministack.services.cloudformation import provisioners

from sandbox.services.cloudformation.model.types import Properties
from sandbox.services.ecr import lifecycle_problem, policy_problem, tag_filter_problem

Made = tuple[str, dict[str, Any]]
_KIND = "AWS::ECR::Repository"
_FILTERS = "imageTagMutabilityExclusionFilters"


def install() -> None:
    """Complete MiniStack's type."""
    entry = provisioners._RESOURCE_HANDLERS[_KIND]
    create, update, as_api = entry["create"], entry["update"], provisioners._ecr_cfn_to_api

    def create_repository(logical_id: str, properties: Properties, stack_name: str) -> Made:
        _check(properties)
        return create(logical_id, properties, stack_name)  # type: ignore[no-any-return]

    def update_repository(physical_id: str, old: Properties, new: Properties, *rest: Any, **named: Any) -> Made:
        _check(new)
        made: Made = update(physical_id, old, new, *rest, **named)
        ecr._repositories[made[0]][_FILTERS] = filters_of(new)
        return made

    entry.update(create=create_repository, update=update_repository)
    provisioners._ecr_cfn_to_api = lambda properties: {**as_api(properties), _FILTERS: filters_of(properties)}


def filters_of(properties: Properties) -> list[dict[str, str]]:
    """The template's exclusion filters in the API's shape."""
    return [
        {
            "filterType": str(one["ImageTagMutabilityExclusionFilterType"]),
            "filter": str(one["ImageTagMutabilityExclusionFilterValue"]),
        }
        for one in properties.get("ImageTagMutabilityExclusionFilters") or []
    ]


def _check(properties: Properties) -> None:
    """Refuse what the API would, before anything is made."""
    mutability = properties.get("ImageTagMutability", "MUTABLE")
    wrong = tag_filter_problem(mutability, filters_of(properties))
    if wrong is None and (policy := properties.get("RepositoryPolicyText")):
        wrong = policy_problem(policy if isinstance(policy, str) else json.dumps(policy))
    if wrong is None and (text := (properties.get("LifecyclePolicy") or {}).get("LifecyclePolicyText")):
        wrong = lifecycle_problem(text)
    if wrong:
        raise ValueError(
            f'Resource handler returned message: "{wrong} (Service: Ecr, Status Code: 400, Error Code: '
            'InvalidParameterException)"'
        )
