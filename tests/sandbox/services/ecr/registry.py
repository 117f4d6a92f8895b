# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A registry client of few words, and images to push with it."""

import hashlib
import json
import urllib.error
import urllib.request
from typing import Any

OCI = "application/vnd.oci.image"
CONFIG = b'{"architecture": "amd64", "os": "linux"}'
LAYER = b"a layer" * 1000


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


class Registry:
    """A registry client of few words."""

    def __init__(self, ecr: Any) -> None:
        granted = ecr.get_authorization_token()["authorizationData"][0]
        self.endpoint: str = granted["proxyEndpoint"]
        self.token: str = granted["authorizationToken"]

    def call(
        self, method: str, path: str, body: bytes | None = None, token: str | None = None, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        sent = {name.replace("_", "-"): text for name, text in headers.items()}
        if wanted := (self.token if token is None else token):
            sent["Authorization"] = f"Basic {wanted}"
        request = urllib.request.Request(self.endpoint + path, data=body, method=method, headers=sent)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
                return response.status, dict(response.headers.items()), response.read()
        except urllib.error.HTTPError as error:
            return error.code, dict(error.headers.items()), error.read()

    def push_blob(self, name: str, data: bytes) -> str:
        digest = digest_of(data)
        _, headers, _ = self.call("POST", f"/v2/{name}/blobs/uploads/", b"")
        status, _, answer = self.call("PUT", f"{lowered(headers)['location']}?digest={digest}", data)
        assert status == 201, answer
        return digest

    def push_manifest(self, name: str, reference: str, document: dict[str, Any]) -> tuple[int, str]:
        status, _, body = self.call(
            "PUT",
            f"/v2/{name}/manifests/{reference}",
            json.dumps(document).encode(),
            content_type=document["mediaType"],
        )
        return status, "" if status == 201 else json.loads(body)["errors"][0]["code"]


def lowered(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): text for name, text in headers.items()}


def descriptor(media_type: str, data: bytes) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": digest_of(data), "size": len(data)}


def image(**more: Any) -> dict[str, Any]:
    return {
        "schemaVersion": 2,
        "mediaType": f"{OCI}.manifest.v1+json",
        "config": descriptor(f"{OCI}.config.v1+json", CONFIG),
        "layers": [descriptor(f"{OCI}.layer.v1.tar", LAYER)],
        **more,
    }


def index(*children: dict[str, Any]) -> dict[str, Any]:
    manifests = [descriptor(child["mediaType"], json.dumps(child).encode()) for child in children]
    return {"schemaVersion": 2, "mediaType": f"{OCI}.index.v1+json", "manifests": manifests}


def manifest_digest(document: dict[str, Any]) -> str:
    return digest_of(json.dumps(document).encode())


def push_image(registry: Registry, ecr: Any, name: str, tag: str = "1", **more: Any) -> str:
    """Push `image(**more)` into a repository, made if need be; its digest."""
    if not any(repository["repositoryName"] == name for repository in ecr.describe_repositories()["repositories"]):
        ecr.create_repository(repositoryName=name)
    registry.push_blob(name, CONFIG)
    registry.push_blob(name, LAYER)
    document = image(**more)
    assert registry.push_manifest(name, tag, document) == (201, "")
    return manifest_digest(document)


def control(sandbox: Any, route: str, **asked: Any) -> int:
    """POST to one of the sandbox's own ECR routes; the status."""
    url = f"{sandbox.state.endpoint_url}/_sandbox/ecr/{route}"
    request = urllib.request.Request(url, data=json.dumps(asked).encode(), method="POST")  # noqa: S310 - ours
    try:
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310 - ours
            response.read()
            return int(response.status)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code
