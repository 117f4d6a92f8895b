# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""AWS::CodePipeline::Pipeline, by the API."""

import json
from typing import Any

from sandbox.clients import client
from sandbox.services.cloudformation.model.casing import as_api, as_template
from sandbox.services.cloudformation.model.drift import cut
from sandbox.services.cloudformation.model.types import Context, Created, Properties, Resources, ResourceType

_PARTS = ("RoleArn", "ArtifactStore", "Stages", "ExecutionMode", "PipelineType", "Variables")
_MAPS = frozenset({"Configuration", "configuration"})
_NUMBERS = ("RunOrder", "TimeoutInMinutes")


def _codepipeline() -> Any:
    return client("codepipeline")


def _declaration(name: str, properties: Properties) -> Properties:
    wanted = {key: properties[key] for key in _PARTS if properties.get(key) is not None}
    stages = [{**stage, "Actions": [_action(action) for action in stage["Actions"]]} for stage in wanted["Stages"]]
    return {"name": name, **as_api({**wanted, "Stages": stages}, maps=_MAPS)}


def _action(action: Properties) -> Properties:
    """An action whose figures are numbers, and whose configuration is texts."""
    numbers = {name: int(action[name]) for name in _NUMBERS if action.get(name) is not None}
    configuration = {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in (action.get("Configuration") or {}).items()
    }
    return {**action, **numbers, "Configuration": configuration}


def _create(properties: Properties, context: Context) -> Created:
    name = properties.get("Name") or context.physical_name(100)
    tags = [{"key": tag["Key"], "value": str(tag["Value"])} for tag in properties.get("Tags") or []]
    made = _codepipeline().create_pipeline(pipeline=_declaration(name, properties), tags=tags)["pipeline"]
    return name, {"Version": str(made["version"])}


def _update(name: str, old: Properties, new: Properties) -> dict[str, str]:
    api = _codepipeline()
    declaration = _declaration(name, new)
    if declaration == _declaration(name, old):
        return {"Version": str(api.get_pipeline(name=name)["pipeline"]["version"])}
    return {"Version": str(api.update_pipeline(pipeline=declaration)["pipeline"]["version"])}


def _delete(name: str, _properties: Properties) -> None:
    _codepipeline().delete_pipeline(name=name)


def _read(name: str, properties: Properties) -> Properties | None:
    api = _codepipeline()
    try:
        found = api.get_pipeline(name=name)["pipeline"]
    except api.exceptions.PipelineNotFoundException:
        return None
    current = as_template(found, maps=_MAPS)
    return {key: cut(properties[key], current.get(key)) for key in _PARTS if properties.get(key) is not None}


RESOURCES = Resources(
    types=(
        ResourceType(
            name="AWS::CodePipeline::Pipeline",
            create=_create,
            update=_update,
            delete=_delete,
            read=_read,
            compared=frozenset(_PARTS),
            replacing=frozenset({"Name"}),
            custom_name="Name",
        ),
    )
)
