# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parameters that name a parameter of Parameter Store: what CloudFormation will read there when it updates the stack.

AWS: CloudFormation User Guide, "Specify existing resources at runtime with CloudFormation-supplied parameter types":
an update reads the value again, so that a stack changes although neither its template nor its parameters did.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._errors import RequestError
from .template import STORED_VALUE
from .unresolved import Unresolved

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .ports import ParameterStore
    from .types import Template


def stored_values(
    name: str, template: Template, parameters: Mapping[str, str], store: ParameterStore
) -> dict[str, str]:
    """*parameters* with the value that is stored under each name that one of them gives.

    Raises `RequestError` for a name that is empty or that Parameter Store does not have.
    """
    declared = template.get("Parameters") or {}
    named = {key: text for key, text in parameters.items() if _is_stored(declared[key])}
    unknown = {key: Unresolved(f"(stored under {text})") for key, text in named.items() if isinstance(text, Unresolved)}
    wanted = {key: text for key, text in named.items() if key not in unknown}
    if nameless := [key for key, text in wanted.items() if not text.strip()]:
        raise RequestError(
            f"Stack {name} was not touched: {', '.join(nameless)} has to name a parameter of Parameter Store, and is "
            "empty. Give its name."
        )
    found = store.read_values(sorted(set(wanted.values()))) if wanted else {}
    missing = [f"{text} (parameter {key})" for key, text in wanted.items() if text not in found]
    if missing:
        raise RequestError(
            f"Stack {name} was not touched: Parameter Store has no {', '.join(missing)}. Put it there first, or "
            "correct the name."
        )
    return {**parameters, **unknown, **{key: found[text] for key, text in wanted.items()}}


def _is_stored(rules: Mapping[str, object]) -> bool:
    return str(rules.get("Type", "")).startswith(STORED_VALUE)
