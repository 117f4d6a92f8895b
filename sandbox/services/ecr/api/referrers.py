# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""ListImageReferrers, from AWS's API reference."""

from sandbox.ministack import responses
from sandbox.services.ecr.api.images import Answer, Data, failure
from sandbox.services.ecr.model.referrers import PAGE, descriptors


def list_image_referrers(data: Data) -> Answer:
    """ListImageReferrers."""
    kinds = set((data.get("filter") or {}).get("artifactTypes") or [])
    last, size = data.get("nextToken") or "", int(data.get("maxResults") or 20)
    if not 1 <= size <= PAGE:
        return failure("InvalidParameterException", f"maxResults is {size}: it must be between 1 and {PAGE}")
    found = descriptors(data["repositoryName"], data["subjectId"]["imageDigest"], kinds)
    left = [{**referrer, "artifactStatus": "ACTIVE"} for referrer in found if referrer["digest"] > last]
    more = {"nextToken": left[size - 1]["digest"]} if len(left) > size else {}
    return responses.json_response({"referrers": left[:size], **more})  # type: ignore[no-any-return]
