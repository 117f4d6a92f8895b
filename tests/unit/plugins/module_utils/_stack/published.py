# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What AWS publishes about its types of resources, as cfn-lint brings it along.

The files are read themselves: to import cfn-lint takes longer than the tests.
"""

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any


@cache
def _schemas() -> Path:
    spec = find_spec("cfnlint")
    assert spec
    assert spec.origin
    return Path(spec.origin).parent / "data" / "schemas"


@cache
def _kinds() -> dict[str, str]:
    kinds: dict[str, str] = json.loads((_schemas() / "providers" / "us-east-1.json").read_text())
    return kinds


def extension(kind: str, name: str) -> Any:
    """What is published beyond the schema of a type, like which instance classes there are."""
    return json.loads((_schemas() / "extensions" / kind / f"{name}.json").read_text())


def schema(kind: str) -> dict[str, Any]:
    """The schema of a type of resource in us-east-1."""
    found: dict[str, Any] = json.loads((_schemas() / "resources" / f"{_kinds()[kind]}.json").read_text())
    return found
