# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Repositories: what MiniStack forgets of them, and their bytes when they go."""

import re
from collections.abc import Callable
from typing import Any

from sandbox.ministack import ecr, responses
from sandbox.services.ecr.api.images import failure, in_repository
from sandbox.services.ecr.model import scans, state
from sandbox.services.ecr.model.access import current_caller
from sandbox.services.ecr.model.blobs import Blobs
from sandbox.services.ecr.model.policies import Decision, InvalidPolicyError, check, decide

Data = dict[str, Any]
Answer = tuple[int, dict[str, str], bytes]
_FILTERS = "imageTagMutabilityExclusionFilters"
_FILTER = re.compile(r"[0-9a-zA-Z._*-]{1,128}")
_MOST_FILTERS = 5
_MOST_WILDCARDS = 2


def install(blobs: Blobs) -> None:
    """Wrap the actions; MiniStack looks its handlers up by name when it is called."""
    ecr._delete_repository = _deleting(ecr._delete_repository, blobs)
    ecr._create_repository = _keeping_filters(ecr._create_repository)
    ecr._put_image_tag_mutability = _keeping_filters(ecr._put_image_tag_mutability)
    ecr._repo_shape = _with_filters(ecr._repo_shape)
    ecr._set_repository_policy = _checking_policy(ecr._set_repository_policy)
    ecr._get_repository_policy = _saying_whose(ecr._get_repository_policy)
    ecr._delete_repository_policy = _saying_whose(ecr._delete_repository_policy)


def _deleting(delete: Callable[[Data], Answer], blobs: Blobs) -> Callable[[Data], Answer]:
    def handle(data: Data) -> Answer:
        answer = delete(data)
        if answer[0] < 400:
            name = data["repositoryName"]
            ecr._manifest_blobs.pop(name, None)
            blobs.drop((responses.get_account_id(), name))
            scans.dropped(name)
        return answer

    return handle


def _checking_policy(put: Callable[[Data], Answer]) -> Callable[[Data], Answer]:
    def handle(data: Data) -> Answer:
        try:
            check(data.get("policyText", ""))
        except InvalidPolicyError as error:
            return failure("InvalidParameterException", str(error))
        decision = decide(data["policyText"], current_caller(), "ecr:SetRepositoryPolicy")
        if decision is Decision.DENY and not data.get("force"):
            return failure(
                "InvalidParameterException",
                "Invalid parameter at 'PolicyText': it would prevent you from setting another policy in the future; "
                "that must be forced",
            )
        return put(data)

    return in_repository(handle)


def _saying_whose(handler: Callable[[Data], Answer]) -> Callable[[Data], Answer]:
    """RepositoryPolicyNotFoundException in AWS's words."""

    def handle(data: Data) -> Answer:
        name = data["repositoryName"]
        if name not in ecr._repo_policies:
            return failure(
                "RepositoryPolicyNotFoundException",
                f"Repository policy does not exist for the repository with name '{name}' in the registry with id "
                f"'{responses.get_account_id()}'",
            )
        return handler(data)

    return in_repository(handle)


def _keeping_filters(handler: Callable[[Data], Answer]) -> Callable[[Data], Answer]:
    def handle(data: Data) -> Answer:
        if wrong := filter_problem(data.get("imageTagMutability", "MUTABLE"), data.get(_FILTERS) or []):
            return failure("InvalidParameterException", wrong)
        answer = handler(data)
        if answer[0] < 400:
            repository = ecr._repositories[data["repositoryName"]]
            state.of_repository(repository).exclusion_filters = data.get(_FILTERS) or []
        return answer

    return handle


def filter_problem(mutability: str, filters: list[Data]) -> str | None:
    """Why a repository cannot have these exclusion filters; None when it can.

    AWS: ECR User Guide, "Preventing image tags from being overwritten": up to 5 filters, up to 2 wildcards in each.
    """
    excluding = mutability.endswith("_WITH_EXCLUSION")
    if excluding != bool(filters) or len(filters) > _MOST_FILTERS:
        return (
            f"Invalid parameter at '{_FILTERS}': {mutability} takes "
            + (f"1 to {_MOST_FILTERS} filters" if excluding else "none")
            + f", not {len(filters)}"
        )
    for item in filters:
        text = str(item.get("filter"))
        if item.get("filterType") != "WILDCARD" or not _FILTER.fullmatch(text) or text.count("*") > _MOST_WILDCARDS:
            return f"Invalid parameter at '{_FILTERS}': {item}"
    return None


def _with_filters(shape: Callable[[Data], Data]) -> Callable[[Data], Data]:
    def described(repository: Data) -> Data:
        filters = state.of_repository(repository).exclusion_filters
        return {**shape(repository), **({_FILTERS: filters} if filters else {})}

    return described
