# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The door of the ECR API: who asks, whose registry is meant, whether its policy lets them, and actions of our own.

AWS: API reference, the parameter ``registryId`` of each action; ECR User Guide, "Private repository policies".
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.ministack import ecr, responses
from sandbox.services.ecr.api.images import Answer, Data, failure
from sandbox.services.ecr.model import access
from sandbox.services.ecr.model.policies import Caller

Action = Callable[[Data], Answer]
# Documented: "The IAM principal invoking this operation must have the ecr:BatchGetImage permission."
_PERMISSION = {"ListImageReferrers": "BatchGetImage"}
# These are about no repository, or find it by its ARN.
_OF_NO_REPOSITORY = frozenset({"GetAuthorizationToken", "CreateRepository"})


def install(actions: Mapping[str, Action]) -> None:
    """Put the door before MiniStack's handler, and `actions` beside those it has."""
    known = ecr.handle_request

    async def handle_request(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
    ) -> Answer:
        caller = access.pin_caller(headers, query)
        action = headers.get("x-amz-target", "").rpartition(".")[2]
        try:
            data = json.loads(body or b"{}")
        except ValueError:
            return failure("SerializationException", "Invalid JSON")
        with responses.request_scope(data.get("registryId") or responses.get_account_id(), responses.get_region()):
            if refusal := _refusal(caller, action, data):
                return failure("AccessDeniedException", refusal)
            if action in actions:
                return actions[action](data)
            return await known(method, path, headers, body, query)  # type: ignore[no-any-return]

    ecr.handle_request = handle_request
    ecr.repository_policy_for_arn = _of_its_account(ecr.repository_policy_for_arn)


def _of_its_account(find: Callable[[str], Any]) -> Callable[[str], Any]:
    def repository_policy_for_arn(arn: str) -> Any:
        _, _, _, region, account, _ = arn.split(":", 5)
        with responses.request_scope(account or responses.get_account_id(), region or responses.get_region()):
            return find(arn)

    return repository_policy_for_arn


def _refusal(caller: Caller, action: str, data: Data) -> str | None:
    """Why the caller may not; None when they may."""
    if action in _OF_NO_REPOSITORY:
        return None
    permission = f"ecr:{_PERMISSION.get(action, action)}"
    for name in _repositories(data):
        if refusal := access.denial(caller, name, permission):
            return refusal
    if caller.account != responses.get_account_id() and not _repositories(data):
        return access.denial(caller, "*", permission)
    return None


def _repositories(data: Data) -> list[Any]:
    return [data["repositoryName"]] if data.get("repositoryName") else list(data.get("repositoryNames") or [])
