# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The Docker engine: what a sandbox owns in it is labelled, and found again by its labels alone."""

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
from docker.errors import APIError, DockerException, NotFound

from sandbox.errors import SandboxError

NAME_LABEL = "fastbreak.sandbox"
HOME_LABEL = "fastbreak.sandbox.home"


@dataclass(frozen=True)
class Network:
    """The sandbox's own Docker network; `gateway` is the host's address on it."""

    name: str
    gateway: str


def connect() -> docker.DockerClient:
    """A client of the engine; SandboxError in one sentence when none answers."""
    try:
        client = docker.from_env(timeout=60)
        client.ping()
    except DockerException as error:
        raise SandboxError(
            "no Docker engine answers, and without an engine no task and no database would run: "
            f"start or install Docker (on Debian: apt-get install docker.io), then try again ({error})"
        ) from error
    return client


def labels(name: str, home: Path) -> dict[str, str]:
    """The labels of everything that the sandbox makes in the engine."""
    return {NAME_LABEL: name, HOME_LABEL: str(home)}


def ensure_network(client: docker.DockerClient, name: str, home: Path) -> Network:
    """The sandbox's network, made when missing. Tasks and databases share it; the host reaches their addresses."""
    title = f"fastbreak-{name}"
    found = client.networks.list(names=[f"^{title}$"])
    try:
        network = found[0] if found else client.networks.create(title, driver="bridge", labels=labels(name, home))
    except APIError as error:
        raise SandboxError(
            f"the Docker engine made no network {title} ({error.explanation}): "
            "remove networks that nothing uses (`docker network prune`), then try again"
        ) from error
    network.reload()
    return Network(title, network.attrs["IPAM"]["Config"][0]["Gateway"])


def foreign_owner(client: docker.DockerClient, name: str, home: Path) -> str | None:
    """The folder of another clone's sandbox of this name that has things in the engine, if there is one."""
    for item in _labelled(client, name):
        owner = _labels_of(item).get(HOME_LABEL, str(home))
        if owner != str(home):
            return owner
    return None


def sweep(client: docker.DockerClient, name: str, home: Path, *, keep_network: bool = False) -> None:
    """Remove the sandbox's containers, volumes and (unless kept) network; SandboxError names what would not go.

    One at a time: engines of the 20.10 line can lock up when containers leave a network together (moby issue 46661).
    """
    ours = [item for item in _labelled(client, name) if _labels_of(item).get(HOME_LABEL, str(home)) == str(home)]
    kinds = ("containers", "volumes") if keep_network else ("containers", "networks", "volumes")
    failures: list[str] = []
    for kind in kinds:
        members = [item for item in ours if item.collection is not None and _kind(item) == kind]
        failures += [problem for problem in map(_remove, members) if problem]
    if failures:
        raise SandboxError(f"could not remove from the Docker engine: {'; '.join(failures)}: try `down` again")


def belongings(client: docker.DockerClient, name: str, home: Path) -> list[str]:
    """What `sweep` would remove, as kinds and names."""
    ours = [item for item in _labelled(client, name) if _labels_of(item).get(HOME_LABEL, str(home)) == str(home)]
    return [f"{_kind(item)[:-1]} {_title(item)}" for item in ours]


def _title(item: Any) -> str:
    """A name. A list of containers has its names elsewhere than a container that is asked about alone."""
    listed = (item.attrs or {}).get("Names") or [getattr(item, "name", None) or item.short_id]
    return str(listed[0]).removeprefix("/")


def tags_of(client: docker.DockerClient, hosts: Iterable[str]) -> list[str]:
    """Image tags that were pulled from the registries at `hosts` (addresses without ports)."""
    prefixes = tuple(f"{host}:" for host in hosts)
    references = [
        reference
        for image in client.api.images()
        for reference in [*(image["RepoTags"] or []), *(image["RepoDigests"] or [])]
    ]
    return [reference for reference in references if reference.startswith(prefixes)]


def remove_tags(client: docker.DockerClient, hosts: Iterable[str]) -> None:
    """Remove what `tags_of` finds."""
    for reference in tags_of(client, hosts):
        with contextlib.suppress(NotFound):
            client.api.remove_image(reference, force=True)


def _labelled(client: docker.DockerClient, name: str) -> list[Any]:
    selector: dict[str, str | list[str] | bool] = {"label": f"{NAME_LABEL}={name}"}
    return [
        *client.containers.list(all=True, sparse=True, filters=selector),
        *client.networks.list(filters=selector),
        *client.volumes.list(filters=selector),
    ]


def _labels_of(item: Any) -> dict[str, str]:
    return item.attrs.get("Labels") or {}


def _kind(item: Any) -> str:
    return {"Container": "containers", "Network": "networks", "Volume": "volumes"}[type(item).__name__]


def _remove(item: Any) -> str | None:
    try:
        if _kind(item) == "containers":
            item.remove(force=True, v=True)
        elif _kind(item) == "networks":
            item.reload()
            for guest in list(item.attrs.get("Containers") or {}):
                with contextlib.suppress(APIError):
                    item.disconnect(guest, force=True)
            item.remove()
        else:
            item.remove(force=True)
    except NotFound:
        return None
    except APIError as error:
        if error.status_code == 409 and "in progress" in str(error):
            return None
        return f"{_kind(item)[:-1]} {item.id[:12]} ({error.explanation or error})"
    return None
