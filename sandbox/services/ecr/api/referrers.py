"""What names an image as its subject: the registry's referrers API and ListImageReferrers.

OCI distribution specification 1.1, "Listing Referrers"; API reference ListImageReferrers.
"""

import json
from typing import Any
from urllib.parse import urlencode

from sandbox.ministack import responses
from sandbox.services.ecr.api.images import Answer, Data, failure
from sandbox.services.ecr.model import images, state
from sandbox.services.ecr.runtime.http import Response

PAGE = 50
_INDEX_TYPE = "application/vnd.oci.image.index.v1+json"


def page(repository: str, subject: str, query: dict[str, str]) -> Response:
    """One page of the registry's answer, after the digest ``last``; a Link header leads to the next."""
    kind, last = query.get("artifactType", ""), query.get("last", "")
    found = [one for one in _descriptors(repository, subject, {kind} if kind else set()) if one["digest"] > last]
    headers = {"Content-Type": _INDEX_TYPE, **({"OCI-Filters-Applied": "artifactType"} if kind else {})}
    if len(found) > PAGE:
        found = found[:PAGE]
        more = urlencode({"last": found[-1]["digest"], **({"artifactType": kind} if kind else {})})
        headers["Link"] = f'</v2/{repository}/referrers/{subject}?{more}>; rel="next"'
    index = {"schemaVersion": 2, "mediaType": _INDEX_TYPE, "manifests": found}
    return Response(status=200, headers=headers, body=json.dumps(index).encode())


def list_image_referrers(data: Data) -> Answer:
    """ListImageReferrers."""
    kinds = set((data.get("filter") or {}).get("artifactTypes") or [])
    last, size = data.get("nextToken") or "", int(data.get("maxResults") or 20)
    if not 1 <= size <= PAGE:
        return failure("InvalidParameterException", f"maxResults is {size}: it must be between 1 and {PAGE}")
    found = _descriptors(data["repositoryName"], data["subjectId"]["imageDigest"], kinds)
    left = [{**one, "artifactStatus": "ACTIVE"} for one in found if one["digest"] > last]
    more = {"nextToken": left[size - 1]["digest"]} if len(left) > size else {}
    return responses.json_response({"referrers": left[:size], **more})  # type: ignore[no-any-return]


def _descriptors(repository: str, subject: str, kinds: set[str]) -> list[dict[str, Any]]:
    """By digest, so that a page can begin where the last one ended."""
    referring = [record for record in images.records(repository) if state.of_image(record).subject == subject]
    found = [_descriptor(repository, record) for record in referring]
    return sorted((one for one in found if not kinds or one["artifactType"] in kinds), key=lambda one: one["digest"])


def _descriptor(repository: str, record: images.Record) -> dict[str, Any]:
    body = images.raw(repository, record)
    annotations = json.loads(body).get("annotations")
    return {
        "mediaType": record["imageManifestMediaType"],
        "digest": record["imageDigest"],
        "size": len(body),
        "artifactType": state.of_image(record).artifact_type,
        **({"annotations": annotations} if annotations else {}),
    }
