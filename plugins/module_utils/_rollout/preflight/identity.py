# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a revision would answer everybody, where callers have to show tokens.

No gate that sends a token can tell: a service that asks for none takes no notice of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..._common.commands import DEPLOY
from ..._release.record import newest_first
from ..request.model import OIDC, OPEN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..._release.record import Release
    from ..plan.target import Target
    from ..request.model import RolloutRequest
    from ..values import TaskDefinition

_IDENTITY, _ISSUER = "FASTBREAK_IDENTITY", "FASTBREAK_OIDC_ISSUER"


def identity_problems(
    request: RolloutRequest, target: Target, running: TaskDefinition | None = None, history: tuple[Release, ...] = ()
) -> Iterator[str]:
    """Why callers of *target* would be asked for no token, although *request* says that they have to show one.

    *running* is what the service is set to.
    """
    if request.identity != OIDC:
        return
    served = {binding.container_name for binding in request.settings.target_bindings}
    for container in target.document.get("containerDefinitions") or []:
        if container.get("name") in served and (opened := _opened_by(container)):
            yield (
                f"Container {container.get('name')} of {target.name} has {opened}, so that everybody who reaches the "
                "service could read and send everything, where its callers have to show tokens (identity is oidc, "
                f"ecs_rollout_identity of the role). {_advice(container.get('name'), target, running, history)} Only "
                "to open the service knowingly, add -e ecs_rollout_identity=open to this command."
            )


def _advice(name: Any, target: Target, running: TaskDefinition | None, history: tuple[Release, ...]) -> str:
    """How to get that version with tokens; another one where it is there already, so that deploying changes nothing."""
    version = target.release.version
    if not _asks(name, target.release.digest, running):
        return (
            "Deploy that version anew, with the environment that the inventory gives it now "
            f"({DEPLOY.format(version=version)})."
        )
    there = f"The service is at {version} already, and asks for tokens."
    others = (past.version for past in newest_first(history) if past.succeeded and past.digest != target.release.digest)
    other = next(others, "")
    return f"{there} For another version, deploy that anew ({DEPLOY.format(version=other)})." if other else there


def _asks(name: Any, digest: str, running: TaskDefinition | None) -> bool:
    """Whether the service is set to this image, in an environment in which it asks for tokens."""
    containers = (running.document.get("containerDefinitions") or []) if running else []
    return any(
        each.get("name") == name and str(each.get("image")).endswith(f"@{digest}") and not _opened_by(each)
        for each in containers
    )


def _opened_by(container: Mapping[str, Any]) -> str:
    """What of its environment has a *container* ask nobody for a token; empty when nothing has.

    A service of before there were tokens has neither variable. One of today does not start without an issuer.
    """
    told = {each.get("name"): each.get("value") for each in container.get("environment") or []}
    if str(told.get(_IDENTITY) or "").strip().lower() == OPEN:
        return f"{_IDENTITY}=open"
    elsewhere = {each.get("name") for each in container.get("secrets") or []}
    if told.get(_ISSUER) or _ISSUER in elsewhere or container.get("environmentFiles"):
        return ""
    return f"no {_ISSUER}"
