# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which platforms an image of ECR is built for, and its labels: from its index and its configuration."""

from __future__ import annotations

import http.client
import json
import ssl
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..._aws.api import AwsClient
from ..._oci.media_types import DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_MEDIA_TYPES = [OCI_INDEX, DOCKER_LIST, OCI_MANIFEST, DOCKER_MANIFEST]
_CONFIG_BYTES = 1 << 20
_SECONDS = 20


class ImagePlatforms(AwsClient):
    """The images of one account's registry."""

    label = "ECR"

    def __init__(self, connect: Callable[[], Any], account: str = "") -> None:
        super().__init__(connect)
        self._registry = {"registryId": account} if account else {}

    def image_platforms(self, repository: str, digest: str) -> frozenset[str]:
        """The platforms of an image, as ``linux/amd64``. Empty when its registry does not tell."""
        answer = self._image(repository, digest)
        try:
            manifest = json.loads(answer["images"][0]["imageManifest"])
            if "manifests" in manifest:
                named = [_platform(entry.get("platform") or {}) for entry in manifest["manifests"]]
            else:
                named = [_platform(self._config(repository, str(manifest["config"]["digest"])))]
            return frozenset(platform for platform in named if platform)
        except (LookupError, TypeError, ValueError, AttributeError, OSError):
            # What cannot be read says nothing of platforms; ECS reads it itself.
            return frozenset()

    def image_labels(self, repository: str, digest: str) -> Mapping[str, str]:
        """The labels of an image, of an index those of its first image. Empty when its registry does not tell."""
        answer = self._image(repository, digest)
        try:
            manifest = json.loads(answer["images"][0]["imageManifest"])
            if "manifests" in manifest:
                first = next(entry for entry in manifest["manifests"] if _platform(entry.get("platform") or {}))
                manifest = json.loads(self._image(repository, first["digest"])["images"][0]["imageManifest"])
            labels = self._config(repository, str(manifest["config"]["digest"]))["config"]["Labels"]
            return {str(name): str(value) for name, value in labels.items()}
        except (LookupError, TypeError, ValueError, AttributeError, OSError, StopIteration):
            return {}

    def _image(self, repository: str, digest: str) -> Any:
        return self._call(
            f"read the manifest of {repository}@{digest}",
            "batch_get_image",
            repositoryName=repository,
            imageIds=[{"imageDigest": digest}],
            acceptedMediaTypes=_MEDIA_TYPES,
            **self._registry,
        )

    def _config(self, repository: str, digest: str) -> Mapping[str, Any]:
        answer = self._call(
            f"find the configuration of an image of {repository}",
            "get_download_url_for_layer",
            repositoryName=repository,
            layerDigest=digest,
            **self._registry,
        )
        read: Mapping[str, Any] = json.loads(_fetch(str(answer["downloadUrl"])))
        return read


def _fetch(url: str) -> bytes:
    """What lies at *url*, which ECR signed. Raises OSError."""
    parts = urlsplit(url)
    connection = (
        http.client.HTTPSConnection(parts.netloc, timeout=_SECONDS, context=ssl.create_default_context())
        if parts.scheme == "https"
        else http.client.HTTPConnection(parts.netloc, timeout=_SECONDS)
    )
    try:
        connection.request("GET", f"{parts.path}?{parts.query}")
        response = connection.getresponse()
        if response.status != http.HTTPStatus.OK:
            raise OSError(f"status {response.status}")
        return response.read(_CONFIG_BYTES)
    except http.client.HTTPException as error:
        raise OSError(str(error)) from error
    finally:
        connection.close()


def _platform(named: Mapping[str, Any]) -> str:
    """``os/architecture``; empty for an attestation, whose platform is unknown."""
    system, architecture = named.get("os"), named.get("architecture")
    known = system and architecture and "unknown" not in (system, architecture)
    return f"{system}/{architecture}" if known else ""
