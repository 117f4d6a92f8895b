# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Lifecycle policies and their previews in the ECR API.

AWS: API reference PutLifecyclePolicy, StartLifecyclePolicyPreview, GetLifecyclePolicyPreview.
"""

import time
from collections.abc import Callable
from typing import Any

from sandbox.host import Sandbox
from sandbox.ministack import ecr, responses
from sandbox.services.ecr.api.dispatch import Action
from sandbox.services.ecr.api.images import Answer, Data, failure, has_status, in_repository, page
from sandbox.services.ecr.model import images, lifecycle, state

PREVIEW_SECONDS = 1.0
"""How long a preview is IN_PROGRESS. AWS does not say; it takes seconds there."""


def install() -> None:
    """Check policies when they are put; MiniStack looks its handlers up by name when it is called."""
    ecr._put_lifecycle_policy = _checking(ecr._put_lifecycle_policy)


def actions(sandbox: Sandbox) -> dict[str, Action]:
    """The handlers by the name of their action."""
    return {
        "StartLifecyclePolicyPreview": in_repository(lambda data: _start(data, sandbox.scaled(PREVIEW_SECONDS))),
        "GetLifecyclePolicyPreview": in_repository(_get),
    }


def _checking(put: Callable[[Data], Answer]) -> Callable[[Data], Answer]:
    def handle(data: Data) -> Answer:
        try:
            lifecycle.parse(data.get("lifecyclePolicyText", ""))
        except lifecycle.InvalidLifecyclePolicyError as error:
            return failure("InvalidParameterException", str(error))
        return put(data)

    return in_repository(handle)


def _start(data: Data, seconds: float) -> Answer:
    name = data["repositoryName"]
    text = data.get("lifecyclePolicyText") or ecr._lifecycle_policies.get(name)
    if text is None:
        return _missing("LifecyclePolicyNotFoundException", "Lifecycle policy", name)
    repository = state.of_repository(ecr._repositories[name])
    if (running := repository.preview) and running.status == "IN_PROGRESS":
        return failure(
            "LifecyclePolicyPreviewInProgressException",
            f"The previous lifecycle policy preview of the repository '{name}' has not completed. Wait and try again.",
        )
    try:
        rules = lifecycle.parse(text)
    except lifecycle.InvalidLifecyclePolicyError as error:
        return failure("InvalidParameterException", str(error))
    now = time.time()
    records = images.records(name)
    children = {record["imageDigest"]: state.of_image(record).children for record in records}
    found = lifecycle.expiring(rules, records, children, now)
    results = tuple(_result(record, priority) for record, priority in found)
    repository.preview = state.Preview(text=text, ends_at=now + seconds, results=results)
    return responses.json_response({**_head(name, text), "status": "IN_PROGRESS"})  # type: ignore[no-any-return]


def _get(data: Data) -> Answer:
    name = data["repositoryName"]
    preview = state.of_repository(ecr._repositories[name]).preview
    if preview is None:
        return _missing("LifecyclePolicyPreviewNotFoundException", "Lifecycle policy preview", name)
    head: dict[str, Any] = {**_head(name, preview.text), "status": preview.status}
    if preview.status == "IN_PROGRESS":
        return responses.json_response(head)  # type: ignore[no-any-return]
    wanted = (data.get("filter") or {}).get("tagStatus", "ANY")
    chosen = [
        result
        for result in preview.results
        if has_status(result, wanted) and _is_asked_for(result, data.get("imageIds"))
    ]
    summary = {"expiringImageTotalCount": len(preview.results)}
    return page(data, "previewResults", chosen, **head, summary=summary)


def _is_asked_for(result: Data, identifiers: list[Data] | None) -> bool:
    return not identifiers or any(
        identifier.get("imageDigest", result["imageDigest"]) == result["imageDigest"]
        and ("imageTag" not in identifier or identifier["imageTag"] in result["imageTags"])
        for identifier in identifiers
    )


def _result(record: images.Record, priority: int) -> Data:
    return {
        "imageTags": list(record["imageTags"]),
        "imageDigest": record["imageDigest"],
        "imagePushedAt": record["imagePushedAt"],
        "action": {"type": "EXPIRE"},
        "appliedRulePriority": priority,
    }


def _head(name: str, text: str) -> Data:
    return {"registryId": responses.get_account_id(), "repositoryName": name, "lifecyclePolicyText": text}


def _missing(exception: str, what: str, name: str) -> Answer:
    return failure(
        exception,
        f"{what} does not exist for the repository with name '{name}' in the registry with id "
        f"'{responses.get_account_id()}'",
    )
