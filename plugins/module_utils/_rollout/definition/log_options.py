# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the log driver ``awslogs`` has to be told. Pure.

Source: "awslogs log driver options" in the ECS developer guide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_NEEDED = ("awslogs-group", "awslogs-region")
_NEEDED_ON_FARGATE = (*_NEEDED, "awslogs-stream-prefix")


def log_option_problems(container: Mapping[str, Any], place: str, *, fargate: bool) -> Iterator[str]:
    """Why ECS would refuse the log configuration of *container*, which messages call *place*."""
    log = container.get("logConfiguration") or {}
    if log.get("logDriver") != "awslogs":
        return
    options = log.get("options") or {}
    if missing := [name for name in (_NEEDED_ON_FARGATE if fargate else _NEEDED) if not options.get(name)]:
        yield f"{place} logs by awslogs, whose options lack {', '.join(missing)}; ECS refuses it without."
