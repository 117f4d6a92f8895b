# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Images by the names that AWS knows them by: from the sandbox's registry of the account, really pulled."""

import base64
import re
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass

import docker
from docker.errors import DockerException, ImageNotFound

from sandbox import clients

_ECR = re.compile(r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com/(?P<rest>.+)")
_TAIL = re.compile(r"(?P<repository>.+?)(?::(?P<tag>[\w][\w.-]*))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?")
_MANIFESTS = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_REGISTRY_SECONDS = 30
# Never through a proxy that the environment names: the registry is on this machine.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class PullFailed(Exception):  # noqa: N818 - named after what happens to the image
    """An image cannot be pulled; the text says why, as ECS does."""


@dataclass(frozen=True, slots=True)
class Pulled:
    """An image in the engine: its id, and the digest it was pulled by (None for an image of no registry)."""

    id: str
    digest: str | None


def pull(client: docker.DockerClient, image: str, registries: Mapping[str, str], pinned: str | None = None) -> Pulled:
    """Pull `image`, by the digest `pinned` when that was established before; PullFailed when it cannot be pulled."""
    found = _ECR.fullmatch(image)
    if not found:
        return _other(client, image)
    host = registries.get(found["account"])
    if host is None:
        raise _unpullable(image, f"no registry of account {found['account']} exists")
    tail = _TAIL.fullmatch(found["rest"])
    if tail is None:
        raise _unpullable(image, "invalid reference format")
    repository, wanted = f"{host}/{tail['repository']}", tail["digest"] or pinned or tail["tag"] or "latest"
    login = _credentials()
    try:
        digest = _resolve(host, tail["repository"], wanted, login)
        return Pulled(str(client.images.pull(repository, tag=digest, auth_config=login).id), digest)
    except (DockerException, OSError) as error:
        raise _unpullable(image, _explain(error, f"{host}/", image)) from error


def _resolve(host: str, repository: str, reference: str, login: Mapping[str, str]) -> str:
    """The digest that the registry has for a tag or digest now; OSError when it has none.

    Asked of the registry itself: an engine that knows a digest pulls it again without asking.
    """
    basic = base64.b64encode(f"{login['username']}:{login['password']}".encode()).decode()
    request = urllib.request.Request(
        f"http://{host}/v2/{repository}/manifests/{reference}",
        method="HEAD",
        headers={"Authorization": f"Basic {basic}", "Accept": ", ".join(_MANIFESTS)},
    )
    try:
        with _OPENER.open(request, timeout=_REGISTRY_SECONDS) as answer:
            return str(answer.headers["Docker-Content-Digest"])
    except urllib.error.HTTPError as error:
        why = {403: "pull access denied", 404: "not found"}.get(error.code, f"unexpected status {error.code}")
        raise FileNotFoundError(why) from error


def _other(client: docker.DockerClient, image: str) -> Pulled:
    """An image of no ECR: the engine's own copy, or whatever registry the engine reaches."""
    try:
        return Pulled(str(client.images.get(image).id), None)
    except ImageNotFound:
        repository, tag = (image, None) if "@" in image or ":" in image.rsplit("/", 1)[-1] else (image, "latest")
    try:
        return Pulled(str(client.images.pull(repository, tag=tag).id), None)
    except DockerException as error:
        raise _unpullable(image, _explain(error, "", image)) from error


def _credentials() -> dict[str, str]:
    token = clients.client("ecr").get_authorization_token()["authorizationData"][0]["authorizationToken"]
    username, _, password = base64.b64decode(token).decode().partition(":")
    return {"username": username, "password": password}


def _explain(error: Exception, host: str, image: str) -> str:
    """The engine's words, with the registry's name as the task definition knows it."""
    text = str(getattr(error, "explanation", None) or error)
    return text.replace(host, image.partition("/")[0] + "/") if host else text


def _unpullable(image: str, why: str) -> PullFailed:
    return PullFailed(
        "CannotPullContainerError: pull image manifest has been retried 1 time(s): "
        f"failed to resolve ref {image}: {why}"
    )
