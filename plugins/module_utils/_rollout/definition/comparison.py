# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Task definitions compared whole.

Both sides are brought to one form: AWS's filled-in defaults written out or left out alike, lists sorted where ECS
gives their order no meaning, numbers as ECS stores them. Two forms are equal exactly when registering one would give
what the other gives. Everything is compared: a field that ECS grows is compared as it is written.

Sources: the ``RegisterTaskDefinition`` request and ``TaskDefinition`` shapes of the ECS API, version 2014-11-13.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, cast

Document = Mapping[str, Any]

# By the field that holds it: what ECS fills in. A field with this value says nothing and is left out.
_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "containerDefinitions": {
        "essential": True,
        "cpu": 0,
        "privileged": False,
        "readonlyRootFilesystem": False,
        "interactive": False,
        "pseudoTerminal": False,
        "disableNetworking": False,
        "versionConsistency": "enabled",
    },
    "portMappings": {"protocol": "tcp"},
    "mountPoints": {"readOnly": False},
    "volumesFrom": {"readOnly": False},
    "healthCheck": {"interval": 30, "timeout": 5, "retries": 3, "startPeriod": 0},
    "linuxParameters": {"initProcessEnabled": False},
    "runtimePlatform": {"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"},
    "efsVolumeConfiguration": {"rootDirectory": "/", "transitEncryption": "DISABLED"},
    "authorizationConfig": {"iam": "DISABLED"},
    "dockerVolumeConfiguration": {"scope": "task", "autoprovision": False, "driver": "local"},
    "volumes": {"configuredAtLaunch": False},
    "restartPolicy": {"enabled": False},
    "ephemeralStorage": {"sizeInGiB": 20},
    "": {"enableFaultInjection": False},
}

# Lists whose order ECS gives no meaning, and the fields that tell their members apart.
_UNORDERED: Mapping[str, tuple[str, ...]] = {
    "containerDefinitions": ("name",),
    "environment": ("name",),
    "secrets": ("name",),
    "secretOptions": ("name",),
    "portMappings": ("containerPort", "containerPortRange", "protocol"),
    "mountPoints": ("containerPath", "sourceVolume"),
    "volumesFrom": ("sourceContainer",),
    "volumes": ("name",),
    "ulimits": ("name",),
    "dependsOn": ("containerName", "condition"),
    "extraHosts": ("hostname", "ipAddress"),
    "systemControls": ("namespace",),
    "resourceRequirements": ("type", "value"),
    "devices": ("hostPath", "containerPath"),
    "tmpfs": ("containerPath",),
    "placementConstraints": ("type", "expression"),
    "inferenceAccelerators": ("deviceName",),
    "properties": ("name",),
    "requiresCompatibilities": (),
    "add": (),
    "drop": (),
    "permissions": (),
    "mountOptions": (),
    "dockerSecurityOptions": (),
}

# Free maps: their keys are the user's, so no default of a field of that name applies inside them.
_FREE_MAPS = frozenset({"options", "dockerLabels", "driverOpts", "labels"})

_ROLES = ("taskRoleArn", "executionRoleArn")

_TEXTS = frozenset({"value", "user"})


def normalise(document: Document) -> dict[str, Any]:
    """*document* in the form that is compared. Raises ValueError for a value that cannot be what ECS stores."""
    kept = {key: value for key, value in document.items() if key != "tags"}
    form = cast("dict[str, Any]", _form("", kept))
    _size(form, "cpu", _cpu_units)
    _size(form, "memory", _mebibytes)
    network_mode = form.setdefault("networkMode", "bridge")
    for container in form.get("containerDefinitions", []):
        for mapping in container.get("portMappings", []):
            _fill_host_port(mapping, network_mode)
    return form


def fingerprint(document: Document, digest: str, key: bytes) -> str:
    """12 hex digits that tell definitions apart, whatever revision they have and with whichever image they run.

    *digest* is the released image's: the containers that run it count without it. A role's bare name equals its ARN.
    Without *key*, which stays in the account, values of the definition cannot be tried against a fingerprint.
    """
    form = normalise(document)
    for role in _ROLES:
        if form.get(role):
            form[role] = str(form[role]).rpartition("/")[2]
    for container in form.get("containerDefinitions", []):
        if str(container.get("image", "")).endswith(f"@{digest}"):
            del container["image"]
    canonical = json.dumps(form, sort_keys=True, separators=(",", ":"), default=str)
    return hmac.new(key, canonical.encode("utf-8", "surrogatepass"), "sha256").hexdigest()[:12]


def with_image(document: Document, image: str) -> dict[str, Any]:
    """*document* where each container that names no image runs *image*."""
    containers = [
        {**container, "image": container.get("image") or image} for container in document["containerDefinitions"]
    ]
    return {**document, "containerDefinitions": containers}


def is_same(current: Document, wanted: Document) -> bool:
    """Whether registering *wanted* would give what *current* is. A role's bare name equals its ARN."""
    left, right = aligned(current, wanted)
    return left == right


def aligned(current: Document, wanted: Document) -> tuple[dict[str, Any], dict[str, Any]]:
    """Both normalised, so that what is the same is written the same: a role's bare name becomes its ARN."""
    left, right = normalise(current), normalise(wanted)
    for role in _ROLES:
        _align_role(left, right, role)
    return left, right


def _align_role(left: dict[str, Any], right: dict[str, Any], key: str) -> None:
    mine, theirs = left.get(key, ""), right.get(key, "")
    same = mine.rpartition("/")[2] == theirs.rpartition("/")[2]
    if same and mine.startswith("arn:") != theirs.startswith("arn:"):
        left[key] = right[key] = mine if mine.startswith("arn:") else theirs


def _form(field: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return _form_map(field, value)
    if isinstance(value, list | tuple):
        return _form_list(field, [_form(field, member) for member in value])
    return value


def _form_map(field: str, value: Document) -> dict[str, Any]:
    if field in _FREE_MAPS:
        return {str(key): _text(key, member) for key, member in value.items()}
    defaults = _DEFAULTS.get(field, {})
    formed: dict[str, Any] = {}
    for key, member in value.items():
        made = _text(key, member) if key in _TEXTS and not isinstance(member, Mapping | list) else _form(key, member)
        if made is None or made in ([], {}) or (key in defaults and made == defaults[key]):
            continue
        formed[key] = made
    return formed


def _form_list(field: str, members: list[Any]) -> list[Any]:
    if field not in _UNORDERED:
        return members
    keys = _UNORDERED[field]
    if not keys:
        return sorted(set(members))
    return sorted(members, key=lambda member: tuple(str(member.get(key, "")) for key in keys))


def _text(key: str, value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError(  # noqa: TRY004 - the value is wrong, not the call
            f"{key!r} is {value!r}; ECS stores text there, so write the text that you mean, in quotes"
        )
    return str(value) if isinstance(value, int | float) else value


def _size(form: dict[str, Any], key: str, read: Callable[[str], int]) -> None:
    if key in form:
        form[key] = str(read(str(form[key])))


def _cpu_units(text: str) -> int:
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(vcpu)?\s*", text, re.IGNORECASE)
    if not match or (not match[2] and not match[1].isdigit()):
        raise ValueError(f"cpu is {text!r}; write CPU units (1024) or virtual CPUs ('1 vCPU')")
    return round(float(match[1]) * 1024) if match[2] else int(match[1])


def _mebibytes(text: str) -> int:
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(gb)?\s*", text, re.IGNORECASE)
    if not match or (not match[2] and not match[1].isdigit()):
        raise ValueError(f"memory is {text!r}; write MiB (2048) or gigabytes ('2 GB')")
    return round(float(match[1]) * 1024) if match[2] else int(match[1])


def _fill_host_port(mapping: dict[str, Any], network_mode: str) -> None:
    port = mapping.get("containerPort")
    if network_mode in ("awsvpc", "host"):
        if port is not None:
            mapping["hostPort"] = port
    elif mapping.get("hostPort") == 0:
        del mapping["hostPort"]
