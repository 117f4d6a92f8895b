# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""AWS::ECR::Repository: exclusion filters, policies that are refused when they are none, drift.

MiniStack's type drops the first and takes anything for the second.
"""

import json
from typing import Any

from sandbox.clients import client
from sandbox.ministack import ecr, provisioners
from sandbox.services.cloudformation.model.types import DriftReader, Properties, Resources
from sandbox.services.ecr.api.repositories import filter_problem
from sandbox.services.ecr.model import lifecycle, policies, state

Made = tuple[str, dict[str, Any]]
_KIND = "AWS::ECR::Repository"
_FILTERS = "imageTagMutabilityExclusionFilters"


def complete() -> None:
    """Complete MiniStack's type."""
    entry = provisioners._RESOURCE_HANDLERS[_KIND]
    create, update, as_api = entry["create"], entry["update"], provisioners._ecr_cfn_to_api

    def create_repository(logical_id: str, properties: Properties, stack_name: str) -> Made:
        _check(properties)
        return create(logical_id, properties, stack_name)  # type: ignore[no-any-return]

    def update_repository(physical_id: str, old: Properties, new: Properties, *rest: Any, **named: Any) -> Made:
        _check(new)
        made: Made = update(physical_id, old, new, *rest, **named)
        repository = ecr._repositories[made[0]]
        # MiniStack puts into the record whatever its create is handed.
        repository.pop(_FILTERS, None)
        state.of_repository(repository).exclusion_filters = filters_of(new)
        return made

    entry.update(create=create_repository, update=update_repository)
    provisioners._ecr_cfn_to_api = lambda properties: {**as_api(properties), _FILTERS: filters_of(properties)}


def filters_of(properties: Properties) -> list[dict[str, str]]:
    """The template's exclusion filters in the API's shape."""
    return [
        {
            "filterType": str(item["ImageTagMutabilityExclusionFilterType"]),
            "filter": str(item["ImageTagMutabilityExclusionFilterValue"]),
        }
        for item in properties.get("ImageTagMutabilityExclusionFilters") or []
    ]


def _check(properties: Properties) -> None:
    """Refuse what the API would, before anything is made."""
    mutability = properties.get("ImageTagMutability", "MUTABLE")
    wrong = filter_problem(mutability, filters_of(properties))
    if wrong is None and (policy := properties.get("RepositoryPolicyText")):
        wrong = policies.problem(policy if isinstance(policy, str) else json.dumps(policy))
    if wrong is None and (text := (properties.get("LifecyclePolicy") or {}).get("LifecyclePolicyText")):
        wrong = lifecycle.problem(text)
    if wrong:
        raise ValueError(
            f'Resource handler returned message: "{wrong} (Service: Ecr, Status Code: 400, Error Code: '
            'InvalidParameterException)"'
        )


def _repository(name: str, properties: Properties) -> Properties | None:
    api = client("ecr")
    repository = api.describe_repositories(repositoryNames=[name])["repositories"][0]
    current: Properties = {
        "RepositoryName": name,
        "ImageTagMutability": repository["imageTagMutability"],
        "ImageScanningConfiguration": {"ScanOnPush": repository["imageScanningConfiguration"]["scanOnPush"]},
        "Tags": api.list_tags_for_resource(resourceArn=repository["repositoryArn"])["tags"],
    }
    if wanted := (properties.get("LifecyclePolicy") or {}).get("LifecyclePolicyText"):
        current["LifecyclePolicy"] = {"LifecyclePolicyText": _same_json(wanted, _lifecycle(api, name))}
    if filters := repository.get("imageTagMutabilityExclusionFilters"):
        current["ImageTagMutabilityExclusionFilters"] = [
            {
                "ImageTagMutabilityExclusionFilterType": item["filterType"],
                "ImageTagMutabilityExclusionFilterValue": item["filter"],
            }
            for item in filters
        ]
    if "RepositoryPolicyText" in properties:
        current["RepositoryPolicyText"] = _policy(api, name, properties["RepositoryPolicyText"])
    return current


def _policy(api: Any, name: str, wanted: Any) -> Any:
    """The repository's policy, in the form that the template has it in; None when there is none."""
    try:
        found = str(api.get_repository_policy(repositoryName=name)["policyText"])
    except api.exceptions.RepositoryPolicyNotFoundException:
        return None
    return _same_json(wanted, found) if isinstance(wanted, str) else json.loads(found)


def _lifecycle(api: Any, name: str) -> str:
    try:
        return str(api.get_lifecycle_policy(repositoryName=name)["lifecyclePolicyText"])
    except api.exceptions.LifecyclePolicyNotFoundException:
        return "{}"


def _same_json(wanted: str, found: str) -> str:
    """`wanted` when both mean the same: how a document is laid out is no drift."""
    return wanted if json.loads(wanted) == json.loads(found) else found


RESOURCES = Resources(
    completions=(complete,),
    drift_readers={
        _KIND: DriftReader(
            _repository,
            frozenset({
                "RepositoryName", "ImageTagMutability", "ImageTagMutabilityExclusionFilters",
                "ImageScanningConfiguration", "LifecyclePolicy", "RepositoryPolicyText", "Tags",
            }),
        ),
    },
)  # fmt: skip
