# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""AWS::CodeBuild::Project, by the API."""

from typing import Any

from sandbox.clients import client
from sandbox.services.cloudformation.model.casing import as_api, as_template
from sandbox.services.cloudformation.model.drift import cut
from sandbox.services.cloudformation.model.types import Context, Created, Properties, Resources, ResourceType

_TEXTS = ("Description", "SourceVersion", "ServiceRole", "EncryptionKey")
_PARTS = ("Source", "Artifacts", "Environment", "LogsConfig", "Cache", "VpcConfig")
_NUMBERS = ("TimeoutInMinutes", "QueuedTimeoutInMinutes", "ConcurrentBuildLimit")
_RENAMED = {"BuildSpec": "buildspec"}


def _codebuild() -> Any:
    return client("codebuild")


def _request(name: str, properties: Properties) -> Properties:
    wanted = {key: properties[key] for key in (*_TEXTS, *_PARTS) if properties.get(key) is not None}
    numbers = {as_api(key): int(properties[key]) for key in _NUMBERS if properties.get(key) is not None}
    tags = [{"key": tag["Key"], "value": str(tag["Value"])} for tag in properties.get("Tags") or []]
    return {"name": name, **as_api(wanted, _RENAMED), **numbers, "tags": tags}


def _create(properties: Properties, context: Context) -> Created:
    name = properties.get("Name") or context.physical_name(150)
    made = _codebuild().create_project(**_request(name, properties))["project"]
    return name, {"Arn": made["arn"]}


def _update(name: str, _old: Properties, new: Properties) -> dict[str, str]:
    return {"Arn": _codebuild().update_project(**_request(name, new))["project"]["arn"]}


def _delete(name: str, _properties: Properties) -> None:
    _codebuild().delete_project(name=name)


def _read(name: str, properties: Properties) -> Properties | None:
    found = _codebuild().batch_get_projects(names=[name])["projects"]
    if not found:
        return None
    current = as_template(found[0], {value: key for key, value in _RENAMED.items()})
    return {key: cut(properties[key], current.get(key)) for key in (*_TEXTS, *_PARTS, *_NUMBERS) if properties.get(key)}


RESOURCES = Resources(
    types=(
        ResourceType(
            name="AWS::CodeBuild::Project",
            create=_create,
            update=_update,
            delete=_delete,
            read=_read,
            compared=frozenset({*_TEXTS, *_PARTS, *_NUMBERS}),
            replacing=frozenset({"Name"}),
            custom_name="Name",
        ),
    )
)
