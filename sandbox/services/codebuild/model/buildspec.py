# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A build specification, and the shell script that does what it says.

AWS: CodeBuild user guide, build specification reference (version 0.2) and "Build phase transitions". All commands run
one after another with the variables and the folder that those before left; `exit` ends a command, not the build.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

PHASES = ("install", "pre_build", "build", "post_build")
MARK = "\x1e"
"""What a line of the script's output begins with that tells of a phase: the mark, a phase, and a status."""
_SOURCE = "/codebuild/output/src"


class BuildspecError(ValueError):
    """The specification cannot be used; the text says why, as CodeBuild does."""


@dataclass(frozen=True)
class Phase:
    """The commands of a phase, those that run whatever became of them, and whether the build goes on without them."""

    commands: tuple[str, ...] = ()
    finally_: tuple[str, ...] = ()
    continues: bool = False


@dataclass(frozen=True)
class Buildspec:
    """What is done, phase by phase, with these variables."""

    phases: Mapping[str, Phase]
    variables: Mapping[str, str]


def parse(text: str) -> Buildspec:
    """BuildspecError unless it is a build specification of version 0.2."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise BuildspecError(f"YAML_FILE_ERROR: {error}") from error
    if not isinstance(document, dict) or str(document.get("version")) != "0.2":
        raise BuildspecError("YAML_FILE_ERROR: the sandbox runs build specifications of version 0.2")
    phases = document.get("phases") or {}
    if unknown := sorted(set(phases) - set(PHASES)):
        raise BuildspecError(f"YAML_FILE_ERROR: unknown phase {unknown[0]}")
    if not any((phase or {}).get("commands") for phase in phases.values()):
        raise BuildspecError("YAML_FILE_ERROR: Phases commands cannot be empty")
    variables = (document.get("env") or {}).get("variables") or {}
    return Buildspec(
        phases={name: _phase(name, phases[name] or {}) for name in PHASES if name in phases},
        variables={name: str(value) for name, value in variables.items()},
    )


def _phase(name: str, given: Mapping[str, Any]) -> Phase:
    return Phase(
        commands=_commands(name, given.get("commands")),
        finally_=_commands(name, given.get("finally")),
        continues=given.get("on-failure") == "CONTINUE",
    )


def _commands(name: str, given: Any) -> tuple[str, ...]:
    listed = [] if given is None else given if isinstance(given, list) else [given]
    if not all(isinstance(command, str) for command in listed):
        raise BuildspecError(f"YAML_FILE_ERROR: expected commands of {name} to be of string type: {json.dumps(given)}")
    return tuple(listed)


_RUN = """#!/bin/sh
# A command in the environment and folder that the last left; what it leaves is kept, also when it exits.
[ -f /codebuild/environment.sh ] && . /codebuild/environment.sh
cd "$(cat /codebuild/folder)" || exit 1
trap 'export -p > /codebuild/environment.sh; pwd > /codebuild/folder' EXIT
. "/codebuild/commands/$1"
"""


def files(spec: Buildspec) -> dict[str, str]:
    """The script `/codebuild/build.sh` and what it calls, by path."""
    commands: dict[str, str] = {}
    lines = ["#!/bin/sh", f"echo {_SOURCE} > /codebuild/folder", "failed=", "export CODEBUILD_BUILD_SUCCEEDING=1"]
    for name, phase in spec.phases.items():
        # A build that fails still has its post_build; one that fails before it has neither.
        lines.append(f'if [ -z "$failed" ]{" || [ $failed = build ]" if name == "post_build" else ""}; then')
        lines.append(f"echo '{MARK}{name} STARTED'; status=0")
        lines += [_step(commands, command, 'if [ "$status" -eq 0 ]; then {}; fi') for command in phase.commands]
        lines += [_step(commands, command, "{}") for command in phase.finally_]
        lines.append(f"echo '{MARK}{name} '$status")
        if not phase.continues:
            lines.append(
                f'if [ "$status" -ne 0 ]; then failed=${{failed:-{name}}}; '
                "echo 'export CODEBUILD_BUILD_SUCCEEDING=0' >> /codebuild/environment.sh; fi"
            )
        lines.append("fi")
    lines.append('[ -z "$failed" ]')
    return {
        "codebuild/build.sh": "\n".join(lines) + "\n",
        "codebuild/run.sh": _RUN,
        **{f"codebuild/commands/{number}": f"{command}\n" for number, command in commands.items()},
        "codebuild/output/src/.keep": "",
    }


def _step(commands: dict[str, str], command: str, around: str) -> str:
    number = str(len(commands))
    commands[number] = command
    return around.format(f"sh /codebuild/run.sh {number} || status=$?")
