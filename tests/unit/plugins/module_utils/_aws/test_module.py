# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Modules as programs of their own, as a target runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tools.files import ROOT

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.process
PACKAGE = "ansible_collections.fastbreak.aws.plugins.modules"
NOWHERE = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}


def run(module: str, options: dict[str, Any], folder: Path) -> tuple[int, dict[str, Any]]:
    arguments = folder / "arguments.json"
    arguments.write_text(json.dumps({"ANSIBLE_MODULE_ARGS": options}), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", f"{PACKAGE}.{module}", str(arguments)],
        env={**os.environ, **NOWHERE, "PYTHONPATH": str(ROOT / ".ansible/collections")},
        capture_output=True,
        text=True,
        check=False,
    )
    answered: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, answered


def test_a_module_answers_its_result(tmp_path: Path) -> None:
    code, answered = run("source_tree_info", {"path": str(ROOT), "version": "1.2.3"}, tmp_path)
    assert code == 0
    assert answered["tag"].startswith("1.2.3-")


@pytest.mark.parametrize(
    ("module", "options", "said"),
    [
        ("default_security_group", {"vpc_id": "v", "region": "us-east-1", "profile": "absent"}, "profile (absent)"),
        ("component_failure", {}, "only works as an action plugin"),
        ("component_stack", {"region": "us-east-1"}, "only works as an action plugin"),
        ("source_tree_info", {"path": "/", "version": 1.10}, "version is read as the number 1.1"),
        ("ecs_rollout", {"cluster": "c", "network": False}, "network is read as false"),
        ("source_tree_info", {"path": "/nowhere", "version": "1"}, "Tried to read the commit of /nowhere"),
    ],
)
def test_a_module_fails_with_what_was_seen(module: str, options: dict[str, Any], said: str, tmp_path: Path) -> None:
    code, answered = run(module, options, tmp_path)
    assert (code, answered["failed"]) == (1, True)
    assert said in answered["msg"]


def test_a_secret_of_a_side_is_in_no_answer(tmp_path: Path) -> None:
    side = {"registry": "registry.example.com", "auth": "anonymous", "username": "u", "password": "hunter2hunter2"}
    options = {"source": side, "repository": "app", "version": "hunter2hunter2", "region": "us-east-1"}
    _code, answered = run("ecr_image_info", options, tmp_path)
    assert answered["failed"]
    assert "hunter2hunter2" not in json.dumps(answered)
