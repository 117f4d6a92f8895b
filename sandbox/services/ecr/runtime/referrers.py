# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The registry's referrers API: OCI distribution specification 1.1, "Listing Referrers"."""

import json
from urllib.parse import urlencode

from sandbox.services.ecr.model.referrers import PAGE, descriptors
from sandbox.services.ecr.runtime.http import Response

_INDEX_TYPE = "application/vnd.oci.image.index.v1+json"


def page(repository: str, subject: str, query: dict[str, str]) -> Response:
    """One page of the registry's answer, after the digest ``last``; a Link header leads to the next."""
    kind, last = query.get("artifactType", ""), query.get("last", "")
    found = [
        referrer
        for referrer in descriptors(repository, subject, {kind} if kind else set())
        if referrer["digest"] > last
    ]
    headers = {"Content-Type": _INDEX_TYPE, **({"OCI-Filters-Applied": "artifactType"} if kind else {})}
    if len(found) > PAGE:
        found = found[:PAGE]
        more = urlencode({"last": found[-1]["digest"], **({"artifactType": kind} if kind else {})})
        headers["Link"] = f'</v2/{repository}/referrers/{subject}?{more}>; rel="next"'
    index = {"schemaVersion": 2, "mediaType": _INDEX_TYPE, "manifests": found}
    return Response(status=200, headers=headers, body=json.dumps(index).encode())
