# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Publish an image: build it once, push it under a tag that never moves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from .._errors import DependencyError, OperationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._oci.login import Login
    from .values import Publication


@dataclass(frozen=True, slots=True)
class Published:
    """What the registry holds. ``digest`` is empty where check mode could only predict."""

    changed: bool
    digest: str = ""


class Registry(Protocol):
    """A registry that knows its repositories."""

    def has_repository(self, repository: str) -> bool: ...

    def find_digest(self, repository: str, tag: str) -> str | None: ...

    def authorize(self) -> Login: ...


class Engine(Protocol):
    """A Docker engine, through its client."""

    def build(self, command: tuple[str, ...]) -> None: ...

    def push(self, local_image: str, reference: str, login: Login) -> None: ...


@dataclass(frozen=True)
class Ports:
    """What publishing needs of the world; ``say`` shows progress."""

    registry: Registry
    engine: Engine
    say: Callable[[str], None]


def publish(request: Publication, ports: Ports, *, check_mode: bool) -> Published:
    """Publish unless the tag is there already. In check mode nothing is built and nothing is pushed."""
    registry = ports.registry
    there = registry.has_repository(request.repository)
    digest = registry.find_digest(request.repository, request.tag) if there else None
    if digest:
        return Published(changed=False, digest=digest)
    if check_mode:
        return Published(changed=True)
    if not there:
        raise DependencyError(
            f"Tried to publish {request.tag}, but there is no repository {request.repository} in this account and "
            "region. Provision the component ecr first (site.yml --limit ecr)."
        )
    ports.say(f"  · building {request.local_image}")
    ports.engine.build(request.build)
    return _push(request, ports)


def _push(request: Publication, ports: Ports) -> Published:
    """Push; whoever pushes the same tag at the same time may win, for the tag is immutable and names one commit."""
    login = ports.registry.authorize()
    reference = f"{login.host}/{request.repository}:{request.tag}"
    ports.say(f"  · pushing {reference}")
    try:
        ports.engine.push(request.local_image, reference, login)
    except OperationError:
        digest = ports.registry.find_digest(request.repository, request.tag)
        if digest is None:
            raise
        return Published(changed=False, digest=digest)
    digest = ports.registry.find_digest(request.repository, request.tag)
    if digest is None:
        raise OperationError(
            f"Pushed {reference}, which the Docker engine reported as done, but the registry does not list the tag. "
            "Look at the repository, then run again."
        )
    return Published(changed=True, digest=digest)
