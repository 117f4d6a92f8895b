# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CloudFormation's quotas: what it would refuse before it begins.

AWS: CloudFormation User Guide, "Understand CloudFormation quotas"; API reference, `Tag` and `SetStackPolicy`; IAM User
Guide, "Rules for tagging in IAM and AWS STS".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .._errors import RequestError
from .tags import MOST_TAGS, tag_problems

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .template import Model
    from .types import StackRequest, Template

TEMPLATE_BYTES = 51_200
_SECTIONS = {"Resources": 500, "Parameters": 200, "Outputs": 200, "Mappings": 200}
_PARAMETER_BYTES = 4096
_POLICY_BYTES = 16_384
_DESCRIPTION_BYTES = 1024
_IDENTIFIER = re.compile(r"[A-Za-z0-9]{1,255}")


def check_limits(request: StackRequest, template: Template, parameters: Mapping[str, str]) -> None:
    """Raise `RequestError` that lists everything too long or too many."""
    found = [
        *_template(request, template),
        *_parameters(parameters, request.sources),
        *tag_problems(request.tags or {}),
    ]
    size = len(json.dumps(request.stack_policy).encode()) if request.stack_policy else 0
    if size > _POLICY_BYTES:
        found.append(f"the stack policy has {size} bytes, and {_POLICY_BYTES} are allowed")
    _refuse(request.name, found)


def check_resource_tags(request: StackRequest, desired: Model) -> None:
    """Raise `RequestError` when a resource would get more tags, its own and the stack's, than it may have."""
    shared = set(request.tags or {})
    found = []
    for name, body in desired.resources.items():
        own = body.get("Properties", {}).get("Tags")
        listed = own if isinstance(own, list) else []
        keys = {str(item.get("Key")) for item in listed if isinstance(item, Mapping)}
        if keys and len(shared | keys) > MOST_TAGS:
            found.append(
                f"{name} would have {len(shared | keys)} tags with those of the stack, and {MOST_TAGS} are allowed"
            )
        if str(body.get("Type")).startswith("AWS::IAM::") and (same := _alike(shared | keys)):
            found.append(f"{name} would have the tags {', '.join(same)}, which IAM takes for one; keep one of them")
    _refuse(request.name, found)


def _refuse(name: str, found: list[str]) -> None:
    if found:
        raise RequestError(f"Stack {name} was not touched, because CloudFormation would refuse it: {'; '.join(found)}.")


def _template(request: StackRequest, template: Template) -> Iterator[str]:
    size = len(request.template_text.encode())
    if size > TEMPLATE_BYTES:
        yield f"the template has {size} bytes, and {TEMPLATE_BYTES} are allowed; split the stack"
    for section, most in _SECTIONS.items():
        names: Mapping[str, Any] = template.get(section) or {}
        if len(names) > most:
            yield f"the template has {len(names)} {section}, and {most} are allowed; split the stack"
        strange = [str(name) for name in names if not _IDENTIFIER.fullmatch(str(name))]
        if strange:
            yield f"{section} holds {', '.join(strange)}, and a name has letters and digits only, at most 255"
    length = len(str(template.get("Description", "")).encode())
    if length > _DESCRIPTION_BYTES:
        yield f"the template's description has {length} bytes, and {_DESCRIPTION_BYTES} are allowed"


def _parameters(parameters: Mapping[str, str], sources: Mapping[str, str]) -> Iterator[str]:
    for key, value in parameters.items():
        size = len(value.encode())
        if size > _PARAMETER_BYTES:
            yield f"{sources.get(key, f'parameter {key}')} has {size} bytes, and {_PARAMETER_BYTES} are allowed"


def _alike(keys: set[str]) -> list[str]:
    """Keys that IAM takes for the same, since it does not tell capital letters from small ones."""
    folded = [key.casefold() for key in keys]
    return sorted(key for key in keys if folded.count(key.casefold()) > 1)
