# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""docs/environments.md: what the environments have in common and where they differ."""

import json
from collections.abc import Iterable
from itertools import groupby
from typing import Any

from tools.environments.inventory import Environment

HEAD = """# Environments

Made from the inventories by `make environment` and `python -m tools.environments document`; a test holds it against
them. Each environment has an AWS account of its own. Change a value in `inventories/<environment>/group_vars/all`, or
for all of them in `inventories/shared/all.yml`.

A further environment is one command: `make environment NAME=staging ACCOUNT=333333333333 REGION=us-east-1`. It is made
like prod; `LIKE=dev` makes it like dev. Where the environment that it is like may pull images, it may too.
"""
LONGEST = 102
_NOTHING = object()


def render(environments: list[Environment]) -> str:
    """The whole page."""
    names = sorted({key for found in environments for key in found.variables})
    differing = [name for name in names if len({_whole(found, name) for found in environments}) > 1]
    parts = [HEAD, "## Where they differ\n"]
    for prefix, group in groupby(differing, key=lambda name: name.partition("_")[0]):
        parts += [f"### {prefix}\n", _table(environments, list(group))]
    parts += ["## What is the same in all\n", _same(environments[0], [name for name in names if name not in differing])]
    return "\n".join(parts)


def _table(environments: list[Environment], names: Iterable[str]) -> str:
    heads = ["", *(found.name for found in environments)]
    rows = [[f"`{name}`", *(_shown(found, name) for found in environments)] for name in names]
    return _lines(heads, rows)


def _same(environment: Environment, names: Iterable[str]) -> str:
    return _lines(["", "value"], [[f"`{name}`", _shown(environment, name)] for name in names])


def _lines(heads: list[str], rows: list[list[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _shown(environment: Environment, name: str) -> str:
    text = _whole(environment, name)
    return text if len(text) <= LONGEST else "see the file"


def _whole(environment: Environment, name: str) -> str:
    value: Any = environment.variables.get(name, _NOTHING)
    if value is _NOTHING:
        return "not set"
    text = value if isinstance(value, str) and value else json.dumps(value)
    return f"`{text}`".replace("|", "\\|")
