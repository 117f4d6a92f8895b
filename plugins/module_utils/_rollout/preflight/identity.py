# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a revision would answer everybody, where callers have to show tokens.

No gate that sends a token can tell: a service that asks for none takes no notice of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..._common.commands import DEPLOY
from ..request.model import OIDC, OPEN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..plan.target import Target
    from ..request.model import RolloutRequest

_IDENTITY, _ISSUER = "FASTBREAK_IDENTITY", "FASTBREAK_OIDC_ISSUER"


def identity_problems(request: RolloutRequest, target: Target) -> Iterator[str]:
    """Why callers of *target* would be asked for no token, although *request* says that they have to show one."""
    if request.identity != OIDC:
        return
    served = {binding.container_name for binding in request.settings.target_bindings}
    for container in target.document.get("containerDefinitions") or []:
        if container.get("name") in served and (opened := _opened_by(container)):
            yield (
                f"Container {container.get('name')} of {target.name} has {opened}, so that everybody who reaches the "
                "service could read and send everything, where its callers have to show tokens (identity is oidc, "
                f"ecs_rollout_identity of the role). Deploy that version anew, with the environment that the "
                f"inventory gives it now ({DEPLOY.format(version=target.release.version)}). Only to open the service "
                "knowingly, add -e ecs_rollout_identity=open to this command."
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
