# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Task definitions compared whole.

Both sides are brought to one form: AWS's filled-in defaults written out or left out alike, lists sorted where ECS
gives their order no meaning, numbers as ECS stores them. Two forms are equal exactly when registering one would give
what the other gives. Everything is compared: a field that ECS grows is compared as it is written.

Sources: the ``RegisterTaskDefinition`` request and ``TaskDefinition`` shapes of the ECS API, version 2014-11-13.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, cast

Document = Mapping[str, Any]

# What DescribeTaskDefinition adds that was never registered.
_READ_ONLY = frozenset(
    {
        "taskDefinitionArn",
        "revision",
        "status",
        "requiresAttributes",
        "compatibilities",
        "registeredAt",
        "registeredBy",
        "deregisteredAt",
        "deleteRequestedAt",
    }
)

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

_TEXTS = frozenset({"value", "user"})


def normalise(document: Document) -> dict[str, Any]:
    """*document* in the form that is compared. Raises ValueError for a value that cannot be what ECS stores."""
    kept = {key: value for key, value in document.items() if key not in _READ_ONLY and key != "tags"}
    form = cast("dict[str, Any]", _form("", kept))
    _size(form, "cpu", _cpu_units)
    _size(form, "memory", _mebibytes)
    network_mode = form.setdefault("networkMode", "bridge")
    for container in form.get("containerDefinitions", []):
        for mapping in container.get("portMappings", []):
            _fill_host_port(mapping, network_mode)
    return form


def with_image(document: Document, image: str) -> dict[str, Any]:
    """*document* where each container that names no image runs *image*."""
    containers = [
        {**container, "image": container.get("image") or image} for container in document["containerDefinitions"]
    ]
    return {**document, "containerDefinitions": containers}


def is_same(current: Document, wanted: Document) -> bool:
    """Whether registering *wanted* would give what *current* is. A role's bare name equals its ARN."""
    left, right = normalise(current), normalise(wanted)
    for role in ("taskRoleArn", "executionRoleArn"):
        _align_role(left, right, role)
    return left == right


def _align_role(left: dict[str, Any], right: dict[str, Any], key: str) -> None:
    one, other = left.get(key, ""), right.get(key, "")
    if one.startswith("arn:") != other.startswith("arn:") and one.rpartition("/")[2] == other.rpartition("/")[2]:
        left[key] = right[key] = one if one.startswith("arn:") else other


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


_SECRET_NAME = re.compile(
    r"pass(word|wd|phrase)?|secret|token|credential|api_?key|private_?key|access_?key|auth", re.IGNORECASE
)
_USERINFO = re.compile(r"(?<=://)([^/@:\s]*):[^/@\s]+(?=@)")
_HIDDEN = "(hidden)"


def view(document: Document) -> dict[str, Any]:
    """*document* for a person: normalised, members by name, values that look secret hidden."""
    shown = normalise(document)
    for container in shown.get("containerDefinitions", []):
        for key, field in (("environment", "value"), ("secrets", "valueFrom")):
            if key in container:
                container[key] = {member["name"]: member.get(field, "") for member in container[key]}
        if "environment" in container:
            container["environment"] = {key: _masked(key, value) for key, value in container["environment"].items()}
    if "containerDefinitions" in shown:
        shown["containerDefinitions"] = {one.pop("name"): one for one in shown["containerDefinitions"]}
    return shown


def _masked(name: str, value: str) -> str:
    return _HIDDEN if _SECRET_NAME.search(name) else _USERINFO.sub(rf"\1:{_HIDDEN}", value)


def views(before: Document | None, after: Document) -> tuple[dict[str, Any], dict[str, Any]]:
    """Both sides for a diff. A hidden value that differs says so, since both sides would else look alike."""
    left, right = (view(before) if before else {}), view(after)
    if before is not None:
        _mark_hidden_changes(before, after, right)
    return left, right


def _mark_hidden_changes(before: Document, after: Document, right: dict[str, Any]) -> None:
    old, new = _environments(before), _environments(after)
    for container, values in new.items():
        shown = right["containerDefinitions"][container].get("environment", {})
        for name, value in values.items():
            was = old.get(container, {}).get(name)
            if was is not None and was != value and _HIDDEN in shown[name]:
                shown[name] = shown[name].replace(_HIDDEN, "(hidden, changed)")


def _environments(document: Document) -> dict[str, dict[str, str]]:
    return {
        container["name"]: {one["name"]: one.get("value", "") for one in container.get("environment", [])}
        for container in normalise(document).get("containerDefinitions", [])
    }


def changes(before: Document | None, after: Document) -> tuple[str, ...]:
    """Which fields differ, as dotted paths, sorted; ``('new',)`` when there is nothing before."""
    if before is None:
        return ("new",)
    left, right = views(before, after)
    return tuple(sorted(_paths(left, right, "")))


def _paths(left: Any, right: Any, path: str) -> list[str]:
    if left == right:
        return []
    if not (isinstance(left, Mapping) and isinstance(right, Mapping)):
        return [path]
    found: list[str] = []
    for key in {*left, *right}:
        found += _paths(left.get(key), right.get(key), f"{path}.{key}" if path else str(key))
    return found
