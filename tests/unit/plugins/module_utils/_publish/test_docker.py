# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A Docker engine's client: a program that writes down how it was called."""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    OperationError,
    RequestError,
    WaitTimeoutError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.login import Login
from ansible_collections.fastbreak.aws.plugins.module_utils._publish.docker import DockerClient

LOGIN = Login("registry.example", "AWS", "s3cret")
IMAGE, REFERENCE = "web:dev", "registry.example/web:1.0"
PROGRAM = r"""
import json, os, pathlib, sys
folder = pathlib.Path(__file__).parent
text = sys.stdin.read() if "--password-stdin" in sys.argv else ""
call = {"words": sys.argv[1:], "config": os.environ.get("DOCKER_CONFIG", ""), "text": text}
with (folder / "calls").open("a") as calls:
    calls.write(json.dumps(call) + "\n")
failing = folder / "failing"
if failing.exists() and failing.read_text() == sys.argv[1]:
    print("\n".join(f"line {number}" for number in range(30)))
    sys.exit(3)
"""


class Program:
    """The client, and how it was called."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "docker"
        self.path.write_text(f"#!{sys.executable}\n{PROGRAM}")
        self.path.chmod(0o755)

    def fail(self, word: str) -> None:
        """Let the command that begins with *word* fail."""
        (self.folder / "failing").write_text(word)

    @property
    def calls(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "calls").read_text().splitlines()]


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path)


def client(program: Program) -> DockerClient:
    return DockerClient(str(program.path), 60)


def test_an_image_is_pushed_with_a_login_that_is_gone_afterwards(program: Program) -> None:
    client(program).push(IMAGE, REFERENCE, LOGIN)
    login, tag, push, remove = program.calls
    assert login["words"] == ["login", "--username", "AWS", "--password-stdin", "registry.example"]
    assert login["text"] == "s3cret"
    assert (tag["words"], push["words"]) == (["tag", IMAGE, REFERENCE], ["push", REFERENCE])
    assert push["config"] == login["config"] != ""
    assert not Path(login["config"]).exists()
    assert remove["words"] == ["image", "rm", "--no-prune", REFERENCE]


@pytest.mark.parametrize("failing", ["", "pull", "tag"])
def test_an_image_is_pulled_and_keeps_the_name_that_tells_its_digest(program: Program, failing: str) -> None:
    program.fail(failing)
    with pytest.raises(OperationError) if failing else contextlib.nullcontext():
        client(program).pull(REFERENCE, IMAGE, LOGIN)
    words = [call["words"] for call in program.calls]
    assert [each[0] for each in words] == ["login", "pull", "tag"][: 2 if failing == "pull" else 3]
    assert words[1] == ["pull", "--quiet", REFERENCE]
    assert words[2:] in ([], [["tag", REFERENCE, IMAGE]])
    config = program.calls[1]["config"]
    assert config == program.calls[0]["config"] != ""
    assert not Path(config).exists()


def test_a_push_that_fails_shows_the_end_of_its_output_and_leaves_no_second_name(program: Program) -> None:
    program.fail("push")
    with pytest.raises(OperationError, match=f"Tried to push {REFERENCE}, but .* ended with 3") as caught:
        client(program).push(IMAGE, REFERENCE, LOGIN)
    assert program.calls[-1]["words"][:2] == ["image", "rm"]
    assert [f"line {number}\n" in f"{caught.value}\n" for number in (9, 10, 29)] == [False, True, True]
    assert "s3cret" not in str(caught.value)


def test_a_name_that_cannot_be_taken_away_matters_to_nobody(program: Program) -> None:
    program.fail("image")
    client(program).push(IMAGE, REFERENCE, LOGIN)


def test_a_build_is_any_command(program: Program) -> None:
    client(program).build((str(program.path), "build", "."))
    assert program.calls[0]["words"] == ["build", "."]


def test_a_command_that_cannot_be_run_or_does_not_end_is_said(program: Program) -> None:
    with pytest.raises(RequestError, match="could not be run: No such file"):
        client(program).build(("/no/such/program",))
    with pytest.raises(WaitTimeoutError, match=r"not ended after 0\.1 seconds"):
        DockerClient(str(program.path), 0.1).build((sys.executable, "-c", "import time; time.sleep(60)"))
