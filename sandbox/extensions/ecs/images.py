"""Images of task definitions: from the sandbox's registry of the account, really pulled."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import docker
from docker.errors import DockerException, ImageNotFound

from sandbox.extensions import _aws
from sandbox.extensions.ecs.errors import StartFailed

_ECR = re.compile(r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com/(?P<rest>.+)")
_TAIL = re.compile(r"(?P<repository>.+?)(?::(?P<tag>[\w][\w.-]*))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?")


@dataclass(frozen=True, slots=True)
class Pulled:
    """An image in the engine: its id, and the digest it was pulled by (None for an image of no registry)."""

    id: str
    digest: str | None


def account_of(image: str) -> str | None:
    """The account of the ECR repository that the reference names; None for any other image."""
    found = _ECR.fullmatch(image)
    return found["account"] if found else None


def pull(client: docker.DockerClient, image: str, registries: Mapping[str, str], pinned: str | None = None) -> Pulled:
    """Pull `image`, by the digest `pinned` when that was established before; StartFailed when it cannot be pulled."""
    found = _ECR.fullmatch(image)
    if not found:
        return _other(client, image)
    host = registries.get(found["account"])
    if host is None:
        raise _unpullable(image, f"no registry of account {found['account']} exists")
    tail = _TAIL.fullmatch(found["rest"])
    if tail is None:
        raise _unpullable(image, "invalid reference format")
    digest = tail["digest"] or pinned
    reference = digest or tail["tag"] or "latest"
    try:
        local = client.images.pull(f"{host}/{tail['repository']}", tag=reference, auth_config=_credentials())
    except DockerException as error:
        raise _unpullable(image, _explain(error, f"{host}/", image)) from error
    return Pulled(str(local.id), digest or _digest(local.attrs, f"{host}/{tail['repository']}"))


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
    token = _aws.client("ecr").get_authorization_token()["authorizationData"][0]["authorizationToken"]
    username, _, password = base64.b64decode(token).decode().partition(":")
    return {"username": username, "password": password}


def _digest(attributes: Mapping[str, Any], repository: str) -> str | None:
    found = [item for item in attributes.get("RepoDigests") or [] if item.startswith(f"{repository}@")]
    return str(found[0]).partition("@")[2] if found else None


def _explain(error: DockerException, host: str, image: str) -> str:
    """The engine's words, with the registry's name as the task definition knows it."""
    text = str(getattr(error, "explanation", None) or error)
    return text.replace(host, image.partition("/")[0] + "/") if host else text


def _unpullable(image: str, why: str) -> StartFailed:
    return StartFailed(
        "CannotPullContainerError: pull image manifest has been retried 1 time(s): "
        f"failed to resolve ref {image}: {why}"
    )
