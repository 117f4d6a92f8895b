# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The image actions of the ECR API, in agreement with the registry.

AWS: API reference PutImage, DescribeImages, ListImages, BatchGetImage, BatchDeleteImage, GetAuthorizationToken.
"""

import base64
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.ministack import ecr, responses
from sandbox.services.ecr.model import images, state
from sandbox.services.ecr.model.access import current_caller
from sandbox.services.ecr.model.blobs import Blobs
from sandbox.services.ecr.model.tokens import USERNAME, Tokens
from sandbox.services.ecr.runtime import notices

Data = dict[str, Any]
Answer = tuple[int, dict[str, str], bytes]
Details = Callable[[str, images.Record], Data]
"""What else there is to say of an image of a repository."""
_DETAILS = (
    "registryId",
    "repositoryName",
    "imageDigest",
    "imageSizeInBytes",
    "imagePushedAt",
    "imageManifestMediaType",
)


def install(blobs: Blobs, tokens: Tokens, addresses: Mapping[str, str], more_details: Details) -> None:
    """Replace MiniStack's handlers, which it looks up by name when it is called."""
    ecr._get_authorization_token = lambda data: _authorization_token(data, tokens, addresses)
    ecr._put_image = in_repository(lambda data: _put_image(data, blobs))
    ecr._describe_images = in_repository(lambda data: _describe_images(data, more_details))
    ecr._list_images = in_repository(_list_images)
    ecr._batch_get_image = in_repository(_batch_get_image)
    ecr._batch_delete_image = in_repository(_batch_delete_image)


def failure(exception: str, message: str) -> Answer:
    """An error answer."""
    return responses.error_response_json(exception, message, 400)  # type: ignore[no-any-return]


def in_repository(handler: Callable[[Data], Answer]) -> Callable[[Data], Answer]:
    """`handler`, once the repository is known to exist."""

    def handle(data: Data) -> Answer:
        name, account = data.get("repositoryName", ""), responses.get_account_id()
        if name not in ecr._repositories:
            return failure(
                "RepositoryNotFoundException",
                f"The repository with name '{name}' does not exist in the registry with id '{account}'",
            )
        return handler(data)

    return handle


def _authorization_token(data: Data, tokens: Tokens, addresses: Mapping[str, str]) -> Answer:
    granted = []
    for account in data.get("registryIds") or [responses.get_account_id()]:
        if account not in addresses:
            return failure("ServerException", f"The sandbox has no registry for account {account}")
        password, expires_at = tokens.grant(current_caller())
        token = base64.b64encode(f"{USERNAME}:{password}".encode()).decode()
        endpoint = f"http://{addresses[account]}"
        granted.append({"authorizationToken": token, "expiresAt": expires_at, "proxyEndpoint": endpoint})
    return responses.json_response({"authorizationData": granted})  # type: ignore[no-any-return]


def _put_image(data: Data, blobs: Blobs) -> Answer:
    name, tag, manifest = data["repositoryName"], data.get("imageTag"), data.get("imageManifest", "")
    before = images.digest_of(name, tag)
    try:
        record = images.put(
            blobs, name, manifest.encode(), tag=tag, content_type=data.get("imageManifestMediaType", "")
        )
    except images.Refusal as refusal:
        return failure(refusal.exception, refusal.text)
    digest = record["imageDigest"]
    if before == digest:
        return failure(
            "ImageAlreadyExistsException",
            f"Image with digest '{digest}' and tag '{tag}' already exists in the repository with name '{name}' in "
            f"registry with id '{responses.get_account_id()}'",
        )
    notices.pushed(name, record, tag)
    return responses.json_response({"image": _image(name, record, tag)})  # type: ignore[no-any-return]


def _image(name: str, record: images.Record, tag: str | None) -> Data:
    return {
        "registryId": record["registryId"],
        "repositoryName": name,
        "imageId": _identifier(record["imageDigest"], tag),
        "imageManifest": images.raw(name, record).decode(),
        "imageManifestMediaType": record["imageManifestMediaType"],
    }


def _identifier(digest: str, tag: str | None) -> dict[str, str]:
    return {"imageDigest": digest, **({"imageTag": tag} if tag else {})}


def _describe_images(data: Data, more_details: Details) -> Answer:
    name, wanted = data["repositoryName"], data.get("imageIds")
    chosen: list[images.Record] = []
    for identifier in wanted or []:
        record = images.named(name, identifier)
        if record is None:
            return image_not_found(name, identifier)
        if record not in chosen:
            chosen.append(record)
    if not wanted:
        status = (data.get("filter") or {}).get("tagStatus", "ANY")
        chosen = [record for record in images.records(name) if has_status(record, status)]
    details = [{**_details(record), **more_details(name, record)} for record in chosen]
    return page(data, "imageDetails", details)


def has_status(record: Data, status: str) -> bool:
    """Whether an image is among those of a filter by TAGGED, UNTAGGED or ANY."""
    return status == "ANY" or bool(record["imageTags"]) == (status == "TAGGED")


def _details(record: images.Record) -> Data:
    details = {name: record[name] for name in _DETAILS if record.get(name) is not None}
    if record["imageTags"]:
        details["imageTags"] = list(record["imageTags"])
    known = state.of_image(record)
    more = {
        "artifactMediaType": known.artifact_type,
        "lastRecordedPullTime": known.pulled_at,
        "subjectManifestDigest": known.subject,
    }
    return details | {name: thing for name, thing in more.items() if thing is not None}


def image_not_found(name: str, identifier: Data) -> Answer:
    """ImageNotFoundException."""
    shown = ", ".join(f"{key}:'{identifier.get(key, 'null')}'" for key in ("imageDigest", "imageTag"))
    return failure(
        "ImageNotFoundException",
        f"The image with imageId {{{shown}}} does not exist within the repository with name '{name}' in the registry "
        f"with id '{responses.get_account_id()}'",
    )


def _list_images(data: Data) -> Answer:
    status = (data.get("filter") or {}).get("tagStatus", "ANY")
    identifiers = [
        _identifier(record["imageDigest"], tag)
        for record in images.records(data["repositoryName"])
        if has_status(record, status)
        for tag in (record["imageTags"] or [None])
    ]
    return page(data, "imageIds", identifiers)


def page(data: Data, member: str, items: list[Any], **members: Any) -> Answer:
    """One page of `items`, after `nextToken`, `maxResults` of them at most."""
    first, size = int(data.get("nextToken") or 0), int(data.get("maxResults") or 100)
    more = {"nextToken": str(first + size)} if len(items) > first + size else {}
    return responses.json_response({**members, member: items[first : first + size], **more})  # type: ignore[no-any-return]


def _batch_get_image(data: Data) -> Answer:
    name, found, failures = data["repositoryName"], [], []
    for identifier in data.get("imageIds") or []:
        record = images.named(name, identifier)
        if record is None:
            failures.append(_failed(identifier, "ImageNotFound", "Requested image not found"))
        else:
            found.append(_image(name, record, identifier.get("imageTag")))
    return responses.json_response({"images": found, "failures": failures})  # type: ignore[no-any-return]


def _failed(identifier: Data, code: str, reason: str) -> Data:
    return {"imageId": identifier, "failureCode": code, "failureReason": reason}


def _batch_delete_image(data: Data) -> Answer:
    name, deleted, failures = data["repositoryName"], [], []
    for identifier in data.get("imageIds") or []:
        record = images.named(name, identifier)
        if record is None:
            failures.append(_failed(identifier, "ImageNotFound", "Requested image not found"))
            continue
        tags = [identifier["imageTag"]] if identifier.get("imageTag") else (list(record["imageTags"]) or [None])
        try:
            if identifier.get("imageTag"):
                images.untag(name, record, identifier["imageTag"])
            else:
                images.remove(name, record)
        except images.Refusal as refusal:
            failures.append(_failed(identifier, refusal.exception, refusal.text))
            continue
        deleted += [_identifier(record["imageDigest"], tag) for tag in tags]
    return responses.json_response({"imageIds": deleted, "failures": failures})  # type: ignore[no-any-return]
