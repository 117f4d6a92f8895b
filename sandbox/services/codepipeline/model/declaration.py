# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What a pipeline's declaration must be.

AWS: CodePipeline user guide, "CodePipeline pipeline structure reference"; API model, errors of CreatePipeline.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Declaration = Mapping[str, Any]
RUN_HERE = {("Source", "ECR"), ("Build", "CodeBuild"), ("Approval", "Manual")}
"""Categories and providers of the actions that the sandbox runs."""
_CONDITIONS = ("beforeEntry", "onSuccess", "onFailure", "blockers")


@dataclass(frozen=True)
class Refusal(Exception):  # noqa: N818 - it is an answer, not a fault
    """The API's exception and its text."""

    exception: str
    text: str


def check(declaration: Declaration) -> None:
    """Refusal unless CodePipeline would take it, and the sandbox can run it."""
    stages = declaration.get("stages") or []
    if len(stages) < 2:
        raise Refusal(
            "InvalidStructureException", "Pipeline has only 1 stage(s). There should be a minimum of 2 stages"
        )
    if not (declaration.get("artifactStore") or declaration.get("artifactStores")):
        raise Refusal("InvalidStructureException", "Pipeline must have an artifact store")
    if declaration.get("pipelineType") != "V2":
        for field in ("variables", "triggers"):
            if declaration.get(field):
                raise Refusal("InvalidStructureException", f"{field} are only allowed in pipelines of type V2")
        if declaration.get("executionMode", "SUPERSEDED") != "SUPERSEDED":
            raise Refusal(
                "InvalidStructureException",
                "Pipeline execution mode can only be SUPERSEDED unless the pipeline type is V2",
            )
    _unique("stage", [stage["name"] for stage in stages])
    for position, stage in enumerate(stages):
        _check_stage(stage, is_first=position == 0)


def _check_stage(stage: Mapping[str, Any], *, is_first: bool) -> None:
    actions = stage.get("actions") or []
    if not actions:
        raise Refusal("InvalidStageDeclarationException", f"Stage {stage['name']} has no action")
    if used := [name for name in _CONDITIONS if stage.get(name)]:
        raise Refusal("InvalidStageDeclarationException", f"the sandbox does not emulate {used[0]} of a stage")
    _unique("action", [action["name"] for action in actions])
    for action in actions:
        kind = action["actionTypeId"]
        if (kind["category"] == "Source") != is_first:
            where = "only contain Source actions" if is_first else "not contain Source actions"
            raise Refusal("InvalidStructureException", f"Stage {stage['name']} must {where}")
        if (kind["category"], kind["provider"]) not in RUN_HERE:
            raise Refusal(
                "InvalidActionDeclarationException",
                f"the sandbox does not emulate {kind['category']} actions of {kind['provider']}",
            )


def _unique(what: str, names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise Refusal("InvalidStructureException", f"The {what} name {name} is used more than once")


def stage_names(declaration: Declaration) -> list[str]:
    """The stages in their order."""
    return [str(stage["name"]) for stage in declaration["stages"]]


def actions(declaration: Declaration, stage: str) -> list[Mapping[str, Any]]:
    """The actions of a stage."""
    return next(list(found["actions"]) for found in declaration["stages"] if found["name"] == stage)


def action(declaration: Declaration, stage: str, name: str) -> Mapping[str, Any]:
    """An action of a stage by its name."""
    return next(found for found in actions(declaration, stage) if found["name"] == name)


def mode(declaration: Declaration) -> str:
    """How executions that meet are handled."""
    return str(declaration.get("executionMode") or "SUPERSEDED")
