# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The deployment strategies, and the options that they take together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..._errors import RefusedError, RequestError
from ..own_options import given_strays, merge_options, stray_options
from ..values import DeploymentSettings
from .blue_green import BlueGreen
from .canary import Canary
from .linear import Linear
from .model import SHARED_OPTIONS
from .rolling import Rolling

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .model import Strategy

#: Every strategy there is; the first one is the default.
STRATEGIES: list[Strategy] = [Rolling(), BlueGreen(), Linear(), Canary()]


def find_strategy(name: str) -> Strategy | None:
    """The strategy that ECS calls *name*, if it is one of ours."""
    return next((strategy for strategy in STRATEGIES if strategy.name == name), None)


def strategy_named(name: str) -> Strategy:
    """The strategy that ECS calls *name*. Raises RefusedError for one that a newer version has recorded."""
    if found := find_strategy(name):
        return found
    raise RefusedError(
        f"Going on with a deployment of strategy {name!r} was refused: this version of fastbreak.aws knows "
        f"{', '.join(strategy.name for strategy in STRATEGIES)}. Nothing was changed. Use the version that began it."
    )


def deployment_spec() -> dict[str, Any]:
    """The argument spec of the option ``deployment``.

    Raises ValueError when two strategies mean different things by an option of the same name.
    """
    names = [strategy.name for strategy in STRATEGIES]
    return {
        "strategy": {"type": "str", "choices": names, "default": names[0]},
        **merge_options({"every strategy": SHARED_OPTIONS, **_own_options()}),
    }


def read_deployment(options: Mapping[str, Any]) -> DeploymentSettings:
    """The settings that validated *options* of `deployment_spec` stand for; without any, the defaults.

    Raises RequestError for an option of another strategy: it would be taken without a word, and do nothing.
    """
    if not options:
        return DeploymentSettings()
    strategy = strategy_named(options["strategy"])
    if strays := stray_options(strategy.name, _own_options(), options):
        own = f" of its own it takes {', '.join(strategy.options)}." if strategy.options else " it has none of its own."
        raise RequestError(
            f"Option deployment names the strategy {strategy.name} and is given {', '.join(strays)}, which it does not "
            f"have. Leave that out; besides {', '.join(SHARED_OPTIONS)}{own}"
        )
    return strategy.read(options)


def given_deployment_problems(given: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with ``deployment`` among a task's options as it was *given*: options of another strategy."""
    spec = {"type": "dict", "options": deployment_spec()}
    yield from given_strays("deployment", "strategy", _own_options(), {"deployment": spec}, given)


def _own_options() -> dict[str, Mapping[str, Any]]:
    return {strategy.name: strategy.options for strategy in STRATEGIES}
