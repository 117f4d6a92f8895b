# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Variables in an action's configuration: `#{variables.NAME}`, `#{NAMESPACE.NAME}`, `#{codepipeline.NAME}`.

AWS: CodePipeline user guide, variables reference.
"""

import re
from collections.abc import Mapping

from sandbox.services.codepipeline.model import declaration as declared
from sandbox.services.codepipeline.model.declaration import Refusal
from sandbox.services.codepipeline.model.executions import SUCCEEDED, Execution, Pipeline

_REFERENCE = re.compile(r"#\{(?P<namespace>[A-Za-z0-9@_-]+)\.(?P<name>[A-Za-z0-9@_-]+)\}")


class UnresolvedError(ValueError):
    """A reference names nothing that is known by now."""


def resolved(pipeline: Pipeline, given: Mapping[str, str]) -> dict[str, str]:
    """The value of each variable of the pipeline; Refusal for one that it does not declare, or that has no value."""
    known = {item["name"]: item.get("defaultValue") for item in pipeline.declaration.get("variables") or []}
    if unknown := sorted(set(given) - set(known)):
        raise Refusal("ValidationException", f"The pipeline does not declare the variable {unknown[0]}")
    values = {**known, **given}
    if missing := sorted(name for name, value in values.items() if value is None):
        raise Refusal("ValidationException", f"The variable {missing[0]} has no default value and needs one")
    return {name: str(value) for name, value in values.items()}


def fill(execution: Execution, text: str) -> str:
    """`text` with its references replaced; UnresolvedError for one that names nothing."""
    spaces = _namespaces(execution)

    def value(found: re.Match[str]) -> str:
        try:
            return spaces[found["namespace"]][found["name"]]
        except KeyError:
            raise UnresolvedError(f"The variable {found[0]} could not be resolved") from None

    return _REFERENCE.sub(value, text)


def _namespaces(execution: Execution) -> dict[str, Mapping[str, str]]:
    spaces: dict[str, Mapping[str, str]] = {
        "variables": execution.variables,
        "codepipeline": {"PipelineExecutionId": execution.id},
    }
    for run in execution.runs():
        space = declared.action(execution.pipeline, run.stage, run.name).get("namespace")
        if space and run.status == SUCCEEDED:
            spaces[space] = run.variables
    return spaces
