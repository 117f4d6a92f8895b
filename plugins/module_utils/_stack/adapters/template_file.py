# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read a CloudFormation template, YAML or JSON, into plain data with every intrinsic function in its long form."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..._errors import RequestError
from ..template_shape import outline_problem

if TYPE_CHECKING:
    from ..types import Template

try:
    import yaml

    HAS_YAML = True
except ImportError:
    HAS_YAML = False

_BARE = {"Ref", "Condition"}


def read_template(path: str) -> tuple[str, Template]:
    """The text of a template file and what it says. Raises `RequestError` that names the file and the place."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as reason:
        raise RequestError(f"The template {path} cannot be read: {reason}.") from reason
    return text, parse_template(text, path)


def parse_template(text: str | Mapping[str, Any], source: str) -> Template:
    """What a template says. ``text`` may be decoded already, as botocore does with JSON."""
    found: Any = text if isinstance(text, Mapping) else _load(text, source)
    if problem := outline_problem(found):
        raise RequestError(f"{source} is no CloudFormation template: it {problem}.")
    template: Template = found
    return template


def _load(text: str, source: str) -> Any:
    if text.lstrip().startswith("{"):
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as reason:
            raise RequestError(f"{source} is not valid JSON: {reason}.") from reason
    if not HAS_YAML:
        raise RequestError(f"{source} is YAML, and the Python library PyYAML, which reads it, is not installed.")
    try:
        return _read_yaml(text)
    except (yaml.YAMLError, RecursionError) as reason:
        raise RequestError(f"{source} is not valid YAML: {' '.join(str(reason).split())}.") from reason


@lru_cache(maxsize=32)
def _read_yaml(text: str) -> Any:
    """Read a text once: the stored template of a stack mostly is what its file says. Nobody changes what was read."""
    return yaml.load(text, Loader=_loader())  # noqa: S506 # a safe loader, below


def _loader() -> Any:
    """A safe loader that knows the short forms (``!Ref``) and leaves dates as text, as CloudFormation does."""
    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Loader(base):  # type: ignore[misc] # chosen at run time
        pass

    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in base.yaml_implicit_resolvers.items()
    }
    Loader.add_multi_constructor("!", _short_form)
    return Loader


def _short_form(loader: Any, suffix: str, node: Any) -> dict[str, Any]:
    name = suffix if suffix in _BARE else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        return {name: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    return {name: loader.construct_mapping(node, deep=True)}
