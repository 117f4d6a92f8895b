# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Publish an image: build it once, push it under a tag that never moves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from .._common.commands import PROVISION_REGISTRY
from .._errors import DependencyError, OperationError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._ecr.values import Authorization, RepositoryImage, RepositorySettings
    from .._oci.login import Login
    from .._oci.names import Address
    from .values import Publication


@dataclass(frozen=True, slots=True)
class Published:
    """What the registry holds. ``digest`` is empty where check mode could only predict."""

    changed: bool
    digest: str = ""


class Registry(Protocol):
    """A registry that knows its repositories."""

    def describe_repository(self, repository: str) -> RepositorySettings: ...

    def describe_image(self, tagged: Address) -> RepositoryImage | None: ...

    def get_authorization_token(self) -> Authorization: ...


class Engine(Protocol):
    """A Docker engine, through its client."""

    def build(self, command: tuple[str, ...]) -> None: ...

    def push(self, local_image: str, reference: str, login: Login) -> None: ...

    def pull(self, reference: str, local_image: str, login: Login) -> None: ...


@dataclass(frozen=True)
class Ports:
    """What publishing needs of the world; ``say`` shows progress."""

    registry: Registry
    engine: Engine
    say: Callable[[str], None]


def publish(request: Publication, ports: Ports, *, check_mode: bool) -> Published:
    """Publish unless the tag is there already. In check mode nothing is built and nothing is pushed."""
    registry = ports.registry
    there = registry.describe_repository(request.repository).exists
    image = registry.describe_image(request.address) if there else None
    if request.digest:
        _check_digest(request, image)
    if image:
        if request.fetch and not check_mode:
            _fetch(request, image.digest, ports)
        return Published(changed=False, digest=image.digest)
    if check_mode:
        return Published(changed=True)
    if not there:
        raise DependencyError(
            f"Tried to publish {request.tag}, but there is no repository {request.repository} in this account and "
            f"region. Provision the component ecr first: {PROVISION_REGISTRY}"
        )
    ports.say(f"  · building {request.local_image}")
    ports.engine.build(request.build)
    return _push(request, ports)


def _check_digest(request: Publication, image: RepositoryImage | None) -> None:
    """Raises RefusedError where the tag does not name what was published under it."""
    seen = image.digest if image else ""
    if seen != request.digest:
        raise RefusedError(
            f"Tried to have {request.digest}, which was published as {request.address}, but the tag "
            f"{f'names {seen}' if seen else 'is not there'} now. Nothing was built, pushed or pulled. Find out who "
            f"{'moved' if seen else 'deleted'} it, then run again.",
            seen=seen,
        )


def _fetch(request: Publication, digest: str, ports: Ports) -> None:
    """Have the engine have what another one built."""
    login = ports.registry.get_authorization_token().login
    reference = f"{login.host}/{request.repository}@{digest}"
    ports.say(f"  · pulling {reference}")
    ports.engine.pull(reference, request.local_image, login)


def _push(request: Publication, ports: Ports) -> Published:
    """Push; whoever pushes the same tag at the same time may win, for the tag is immutable and names one commit."""
    login = ports.registry.get_authorization_token().login
    reference = f"{login.host}/{request.address}"
    ports.say(f"  · pushing {reference}")
    try:
        ports.engine.push(request.local_image, reference, login)
    except OperationError:
        image = ports.registry.describe_image(request.address)
        if image is None:
            raise
        return Published(changed=False, digest=image.digest)
    image = ports.registry.describe_image(request.address)
    if image is None:
        raise OperationError(
            f"Pushed {reference}, which the Docker engine reported as done, but the registry does not list the tag. "
            "Look at the repository, then run again."
        )
    return Published(changed=True, digest=image.digest)
