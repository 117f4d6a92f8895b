# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A build specification is run by a real shell: what phases follow a failure, and what commands leave to each other."""

import os
import subprocess

import pytest

from sandbox.services.codebuild.model.buildspec import MARK, BuildspecError, files, parse

BROKEN = [
    ("", "version 0.2"),
    ("version: 0.1\nphases: {build: {commands: [a]}}", "version 0.2"),
    ("version: 0.2\nphases: {}", "commands cannot be empty"),
    ("version: 0.2\nphases: {deploy: {commands: [a]}}", "unknown phase deploy"),
    ("version: 0.2\nphases: {build: {commands: [{a: 1}]}}", "string type"),
    ("version: [", "YAML_FILE_ERROR"),
]


@pytest.fixture
def run(tmp_path):
    """Run a specification's phases; the lines that it printed, and whether it succeeded."""

    def run(phases: str) -> tuple[list[str], bool]:
        root = tmp_path / "root"
        for path, text in files(parse(f"version: 0.2\nphases: {phases}")).items():
            place = root / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text.replace("/codebuild", f"{root}/codebuild"))
        ended = subprocess.run(
            ["sh", root / "codebuild/build.sh"],
            capture_output=True,
            text=True,
            check=False,
            env={"PATH": os.environ["PATH"]},
            timeout=60,
        )
        return [
            line for line in ended.stdout.split("\n") if line and not line.endswith("STARTED")
        ], ended.returncode == 0

    return run


def test_commands_leave_variables_and_folder_to_those_after_them(run):
    lines, succeeded = run(
        "{install: {commands: ['export GREETING=\"hello  you\"', 'mkdir inner && cd inner']},"
        " build: {commands: ['echo \"$GREETING\"', 'basename \"$PWD\"']}}"
    )
    assert [line for line in lines if not line.startswith(MARK)] == ["hello  you", "inner"]
    assert succeeded


@pytest.mark.parametrize("fails", ["exit 3", "(exit 3)", "sh -c 'exit 3'"])
def test_a_command_that_fails_ends_its_phase(run, fails):
    lines, succeeded = run(f'{{build: {{commands: ["{fails}", "echo never"], finally: ["echo always"]}}}}')
    assert lines == ["always", f"{MARK}build 3"]
    assert not succeeded


@pytest.mark.parametrize(
    ("failing", "runs"),
    [
        ("install", ["install"]),
        ("pre_build", ["install", "pre_build"]),
        ("build", ["install", "pre_build", "build", "post_build"]),
        ("post_build", ["install", "pre_build", "build", "post_build"]),
    ],
)
def test_what_follows_a_phase_that_fails(run, failing, runs):
    phases = ", ".join(
        f"{name}: {{commands: ['{'false' if name == failing else 'true'}']}}"
        for name in ("install", "pre_build", "build", "post_build")
    )
    lines, succeeded = run(f"{{{phases}}}")
    assert [line.removeprefix(MARK).split()[0] for line in lines] == runs
    assert not succeeded


def test_post_build_is_told_that_the_build_failed(run):
    lines, _ = run(
        "{pre_build: {commands: ['echo $CODEBUILD_BUILD_SUCCEEDING']}, build: {commands: ['false']},"
        " post_build: {commands: ['echo $CODEBUILD_BUILD_SUCCEEDING']}}"
    )
    assert [line for line in lines if not line.startswith(MARK)] == ["1", "0"]


def test_a_build_goes_on_after_a_phase_that_may_fail(run):
    lines, succeeded = run(
        "{pre_build: {commands: ['false'], on-failure: CONTINUE}, build: {commands: ['echo built']}}"
    )
    assert "built" in lines
    assert succeeded


@pytest.mark.parametrize(("text", "says"), BROKEN)
def test_what_is_no_specification_is_refused(text, says):
    with pytest.raises(BuildspecError, match=says):
        parse(text)
