# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What no plan made here can foresee, since only CloudFormation knows what comes of it.

A template with any of it is refused before anything is asked or touched, so that nothing is planned as "no change"
that is a change. AWS: CloudFormation Template Reference, "Transform macros" and "Intrinsic functions"; CloudFormation
User Guide, "Use dynamic references" and "Embed stacks within other stacks using nested stacks".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .._errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .types import StackRequest, Template

#: The functions whose value changes only when what the template says does, or what it refers to.
_FUNCTIONS = frozenset(
    {
        "Fn::And",
        "Fn::Base64",
        "Fn::Cidr",
        "Fn::Equals",
        "Fn::FindInMap",
        "Fn::GetAZs",
        "Fn::GetAtt",
        "Fn::If",
        "Fn::ImportValue",
        "Fn::Join",
        "Fn::Not",
        "Fn::Or",
        "Fn::Select",
        "Fn::Split",
        "Fn::Sub",
        "Fn::Transform",
    }
)
_LANGUAGE_EXTENSIONS = ("Fn::ForEach", "Fn::Length", "Fn::ToJsonString")
_SECTIONS = ("Mappings", "Conditions", "Resources", "Outputs")
_REFERENCE = re.compile(r"\{\{resolve:(.+?)\}\}")
_WRITE_OUT = "write out what comes of it, or apply the stack with amazon.aws.cloudformation"


def refuse_unforeseeable(request: StackRequest) -> None:
    """Raise `RequestError` that lists all that the plan could not foresee, and all text that would not arrive."""
    template = request.template or {}
    found = [*_transforms(template), *_functions(template), *_nested(template), *_garbled(request)]
    if found:
        raise RequestError(
            f"Stack {request.name} was not touched, because it cannot be planned: {'; '.join(found)}.",
            unforeseeable=found,
        )


def is_transformed(template: Template) -> bool:
    """Whether CloudFormation makes another template of it before it reads it."""
    return bool(template.get("Transform")) or any(path.endswith("Fn::Transform") for path, _key in _keys(template, ""))


def floating_references(request: StackRequest) -> list[str]:
    """Dynamic references without a version. CloudFormation reads them again only when it updates their resource."""
    given = {key: value for key, value in request.parameters.items() if isinstance(value, str)}
    found = [
        f"{path} reads {{{{resolve:{reference}}}}}"
        for path, text in _texts({"Template": request.template or {}, "parameters": given}, "")
        for reference in _REFERENCE.findall(text)
        if not _has_version(reference)
    ]
    return [path.removeprefix("Template.") for path in found]


def _has_version(reference: str) -> bool:
    service, _colon, rest = reference.partition(":")
    if service == "secretsmanager":
        _secret, found, details = rest.partition(":SecretString")
        return bool(found) and len(details.split(":")) > 3 and bool(details.split(":")[3])
    return re.search(r":\d+$", rest) is not None


def _transforms(template: Template) -> Iterator[str]:
    declared = template.get("Transform") or []
    names = declared if isinstance(declared, list) else [declared]
    texts = [str(name.get("Name")) if isinstance(name, Mapping) else str(name) for name in names]
    if texts:
        yield f"the template uses the transform {', '.join(texts)}, which CloudFormation carries out; {_WRITE_OUT}"
    places = [path for path, key in _keys(template, "") if key == "Fn::Transform"]
    if places:
        yield f"{', '.join(places)} calls a macro, which CloudFormation carries out; {_WRITE_OUT}"


def _functions(template: Template) -> Iterator[str]:
    sections = {section: template.get(section) or {} for section in _SECTIONS}
    for path, key in _keys(sections, ""):
        if key.startswith(_LANGUAGE_EXTENSIONS):
            yield f"{path} is of the transform AWS::LanguageExtensions, which CloudFormation carries out; {_WRITE_OUT}"
        elif key.startswith("Fn::") and key not in _FUNCTIONS:
            yield f"{path} is a function that is not known here, so that nobody can tell whether its value changed"


def _nested(template: Template) -> Iterator[str]:
    for name, body in (template.get("Resources") or {}).items():
        kind = str(body.get("Type", "")) if isinstance(body, Mapping) else ""
        if kind == "AWS::CloudFormation::Stack":
            yield (
                f"{name} is a stack of its own ({kind}), whose template lies elsewhere and may have changed; apply it "
                "by itself and read its outputs"
            )
        if kind.endswith("::MODULE"):
            yield f"{name} is a module ({kind}), which CloudFormation takes apart; {_WRITE_OUT}"


def _garbled(request: StackRequest) -> Iterator[str]:
    """Text beyond ASCII, of which CloudFormation makes question marks, so that no plan would ever come out even."""
    given = {
        request.sources.get(key, f"parameter {key}"): value
        for key, value in request.parameters.items()
        if isinstance(value, str)
    }
    tags = {f"tag {key}": f"{key}{value}" for key, value in (request.tags or {}).items()}
    texts = [*_texts(request.template or {}, ""), *given.items(), *tags.items()]
    places = dict.fromkeys(path for path, text in texts if not text.isascii())
    if places:
        yield (
            f"{', '.join(places)} holds text beyond ASCII, of which CloudFormation keeps question marks only; write it "
            "with ASCII"
        )


def _keys(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Every key of every mapping, each after the path that ends in it."""
    return ((place, key) for place, key, is_key in _walk(value, path) if is_key)


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Every text with the path to it, keys among them."""
    return ((place, text) for place, text, _is_key in _walk(value, path))


def _walk(value: Any, path: str) -> list[tuple[str, str, bool]]:
    """Every key and every text, each after its path; whether it is a key."""
    found: list[tuple[str, str, bool]] = []
    _gather(value, path, found)
    return found


def _gather(value: Any, path: str, found: list[tuple[str, str, bool]]) -> None:
    if isinstance(value, str):
        found.append((path, value, False))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            place = f"{path}.{key}" if path else str(key)
            found.append((place, str(key), True))
            _gather(item, place, found)
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            _gather(item, f"{path}[{number}]", found)
