# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""ECR's own way of uploading layers in parts, into the registry's blobs.

AWS: API reference InitiateLayerUpload, UploadLayerPart, CompleteLayerUpload, BatchCheckLayerAvailability,
GetDownloadUrlForLayer.
"""

import base64
from collections.abc import Mapping
from typing import Any

from sandbox.ministack import ecr, responses
from sandbox.services.ecr.api.images import Answer, Data, failure, in_repository
from sandbox.services.ecr.model.access import current_caller
from sandbox.services.ecr.model.blobs import Blobs, Owner, Upload
from sandbox.services.ecr.model.tokens import Tokens

_PART_BYTES = 10 << 20
_SMALLEST_PART_BYTES = 5 << 20
_LARGEST_PART_BYTES = 20 << 20


def install(blobs: Blobs, tokens: Tokens, addresses: Mapping[str, str]) -> None:
    """Replace MiniStack's handlers, which keep nothing."""
    ecr._initiate_layer_upload = in_repository(lambda data: _initiate(data, blobs))
    ecr._upload_layer_part = in_repository(lambda data: _upload(data, blobs))
    ecr._complete_layer_upload = in_repository(lambda data: _complete(data, blobs))
    ecr._batch_check_layer_availability = in_repository(lambda data: _check(data, blobs))
    ecr._get_download_url_for_layer = in_repository(lambda data: _url(data, blobs, tokens, addresses))


def _owner(data: Data) -> Owner:
    return responses.get_account_id(), data["repositoryName"]


def _answer(data: Data, **members: Any) -> Answer:
    head = {"registryId": responses.get_account_id(), "repositoryName": data["repositoryName"]}
    return responses.json_response({**head, **members})  # type: ignore[no-any-return]


def _initiate(data: Data, blobs: Blobs) -> Answer:
    identifier = blobs.start(_owner(data))
    return responses.json_response({"uploadId": identifier, "partSize": _PART_BYTES})  # type: ignore[no-any-return]


def _upload(data: Data, blobs: Blobs) -> Answer:
    upload = blobs.upload(_owner(data), data["uploadId"])
    if upload is None:
        return _no_upload(data)
    part = base64.b64decode(data["layerPartBlob"])
    first, last = int(data["partFirstByte"]), int(data["partLastByte"])
    if first != upload.size or last != first + len(part) - 1 or not 0 < len(part) <= _LARGEST_PART_BYTES:
        return _bad_part(data, upload)
    upload.append(part)
    upload.part_sizes.append(len(part))
    return _answer(data, uploadId=data["uploadId"], lastByteReceived=upload.size - 1)


def _bad_part(data: Data, upload: Upload) -> Answer:
    last = upload.size - 1
    members = {
        "registryId": responses.get_account_id(),
        "repositoryName": data["repositoryName"],
        "uploadId": data["uploadId"],
    }
    return responses.error_response_json(  # type: ignore[no-any-return]
        "InvalidLayerPartException",
        f"The layer part must begin at byte {upload.size}, hold as many bytes as it says and at most "
        f"{_LARGEST_PART_BYTES}; the last valid byte received is {last}",
        extra={**members, **({"lastValidByteReceived": last} if last >= 0 else {})},
    )


def _complete(data: Data, blobs: Blobs) -> Answer:
    upload, digest = blobs.upload(_owner(data), data["uploadId"]), data["layerDigests"][0]
    if upload is None:
        return _no_upload(data)
    if upload.size == 0:
        return failure("EmptyUploadException", "The specified layer upload does not contain any layer parts.")
    if any(size < _SMALLEST_PART_BYTES for size in upload.part_sizes[:-1]):
        return failure("LayerPartTooSmallException", "Layer parts must be at least 5 MiB in size.")
    if blobs.holds(_owner(data), digest):
        return failure("LayerAlreadyExistsException", f"The image layer already exists: {digest}")
    if actual := blobs.finish(_owner(data), data["uploadId"], digest):
        return failure("InvalidLayerException", f"The layer digest calculated is {actual}, not {digest}.")
    return _answer(data, uploadId=data["uploadId"], layerDigest=digest)


def _no_upload(data: Data) -> Answer:
    return failure("UploadNotFoundException", f"The upload with id '{data['uploadId']}' could not be found.")


def _check(data: Data, blobs: Blobs) -> Answer:
    layers = []
    for digest in data.get("layerDigests") or []:
        size = blobs.size(_owner(data), digest)
        availability = {"layerAvailability": "UNAVAILABLE" if size is None else "AVAILABLE"}
        layers.append({"layerDigest": digest, **availability, **({} if size is None else {"layerSize": size})})
    return responses.json_response({"layers": layers, "failures": []})  # type: ignore[no-any-return]


def _url(data: Data, blobs: Blobs, tokens: Tokens, addresses: Mapping[str, str]) -> Answer:
    digest, account = data["layerDigest"], responses.get_account_id()
    if not blobs.holds(_owner(data), digest):
        return failure("LayersNotFoundException", f"The specified layers could not be found: {digest}")
    token, _ = tokens.grant(current_caller())
    url = f"http://{addresses[account]}/v2/{data['repositoryName']}/blobs/{digest}?token={token}"
    return responses.json_response({"downloadUrl": url, "layerDigest": digest})  # type: ignore[no-any-return]
