# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A command that is advised works for whoever reads it: it is named as the run itself was named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from unittest.mock import MagicMock

import pytest
from ansible import context
from ansible.module_utils.common.collections import ImmutableDict
from ansible_collections.fastbreak.aws.plugins.module_utils._common.commands import ROLL_BACK, TEARDOWN
from ansible_collections.fastbreak.aws.plugins.module_utils._common.entry import Entry
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.plugin_utils._entry_action import EntryAction
from ansible_collections.fastbreak.aws.plugins.plugin_utils._started import as_started, command_to_run, playbook_name
from ansible_collections.fastbreak.aws.plugins.plugin_utils._summary import Summary

from tools.files import ROOT

if TYPE_CHECKING:
    from pathlib import Path


def collection(folder: Path, *, clone: bool) -> Path:
    (folder / "playbooks").mkdir(parents=True)
    for name in ("site", "deploy", "rollback", "my-own"):
        (folder / "playbooks" / f"{name}.yml").write_text("")
    if clone:
        (folder / "site.yml").write_text("")
    return folder.resolve()


@pytest.mark.parametrize(
    ("started", "verb", "expected"),
    [
        (".:playbooks/deploy.yml", "rollback", "playbooks/rollback.yml"),
        (".:./playbooks/deploy.yml", "site", "site.yml"),
        (".:site.yml", "site", "site.yml"),
        (".:site.yml", "deploy", "playbooks/deploy.yml"),
        ("playbooks:deploy.yml", "rollback", "rollback.yml"),
        ("playbooks:deploy.yml", "site", "../site.yml"),
        ("playbooks:../site.yml", "deploy", "../playbooks/deploy.yml"),
        ("..:clone/playbooks/deploy.yml", "site", "clone/site.yml"),
        (".:fastbreak.aws.deploy", "rollback", "fastbreak.aws.rollback"),
        (".:fastbreak.aws.deploy", "site", "fastbreak.aws.site"),
        (".:playbooks/no-such.yml", "deploy", "fastbreak.aws.deploy"),
        ("..:mine.yml", "deploy", "fastbreak.aws.deploy"),
        (".:", "deploy", "fastbreak.aws.deploy"),
    ],
)
def test_in_a_clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, started: str, verb: str, expected: str) -> None:
    """*started*: the folder below the clone that the user is in, and what was run."""
    below, _, playbook = started.partition(":")
    root = collection(tmp_path / "clone", clone=True)
    (tmp_path / "mine.yml").write_text("")
    monkeypatch.chdir(root / below)
    name = playbook_name(verb, [playbook], root)
    assert name == expected
    assert name.startswith("fastbreak.aws.") or (root / below / name).is_file()


@pytest.mark.parametrize(
    ("started", "expected"),
    [
        (["fastbreak.aws.site"], "fastbreak.aws.deploy"),
        (["mine.yml"], "fastbreak.aws.deploy"),
        ([], "fastbreak.aws.deploy"),
        (["aws/playbooks/site.yml"], "aws/playbooks/deploy.yml"),
        (["mine.yml", "aws/playbooks/site.yml"], "aws/playbooks/deploy.yml"),
    ],
)
def test_installed_from_galaxy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, started: list[str], expected: str
) -> None:
    root = collection(tmp_path / "aws", clone=False)
    (tmp_path / "mine.yml").write_text("")
    monkeypatch.chdir(tmp_path)
    assert playbook_name("deploy", started, root) == expected
    if started == ["aws/playbooks/site.yml"]:
        assert playbook_name("site", started, root) == "aws/playbooks/site.yml"


def test_the_command_names_the_inventories_of_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(context, "CLIARGS", ImmutableDict(args=["fastbreak.aws.site"]))
    (tmp_path / "inventories" / "dev").mkdir(parents=True)
    (tmp_path / "my {hosts}").write_text("")
    given = [str(tmp_path / "inventories" / "dev"), str(tmp_path / "my {hosts}"), "a,b", str(tmp_path / "no-such")]
    wanted = "ansible-playbook -i inventories/dev -i 'my {hosts}' -i a,b"
    assert command_to_run("deploy", given) == f"{wanted} fastbreak.aws.deploy"
    monkeypatch.setattr(context, "CLIARGS", ImmutableDict(args=["fastbreak.aws.site"], inventory=tuple(given)))
    summary = Summary(playbook="publish", tag="1.0.0")
    assert summary.end(0, 1)[-1] == f"Next, deploy it: {wanted} fastbreak.aws.deploy -e version=1.0.0"
    summary = Summary(playbook="site", changed={"ecr"}, promotes=True)
    assert summary.end(0, 1)[-1].endswith(f"{wanted} fastbreak.aws.promote -e version=<version>")
    assert command_to_run("site", []) == "ansible-playbook -i <inventory> fastbreak.aws.site"


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ("dev", "dev"),
        ("", "<environment>"),
        (None, "<environment>"),
        ("{{ a }}", "<environment>"),
        (1, "<environment>"),
    ],
)
def test_a_command_confirms_the_environment_of_the_run(
    monkeypatch: pytest.MonkeyPatch, environment: Any, expected: str
) -> None:
    monkeypatch.setattr(context, "CLIARGS", ImmutableDict(args=[], inventory="ecr,"))
    told = as_started([TEARDOWN], environment)
    assert told == [f"ansible-playbook -i ecr, fastbreak.aws.teardown -e confirm={expected}"]


def refuse(*_given: Any) -> dict[str, Any]:
    raise RequestError(f"It does not run. Go back: {ROLL_BACK}", ways=[ROLL_BACK])


class Refusing(EntryAction):
    entry = Entry(argument_spec={}, perform=refuse, aws=False)


@pytest.mark.parametrize(
    ("started", "expected"),
    [("playbooks/deploy.yml", "playbooks/rollback.yml"), ("fastbreak.aws.deploy", "fastbreak.aws.rollback")],
)
def test_a_failed_task_advises_what_works_for_this_run(
    monkeypatch: pytest.MonkeyPatch, started: str, expected: str
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(context, "CLIARGS", ImmutableDict(args=[started]))
    task = MagicMock(args={}, environment=[], async_val=0, check_mode=False)
    action = Refusing(task, *(MagicMock() for _part in range(5)))
    told = action.run(task_vars={})
    assert told["msg"] == f"It does not run. Go back: ansible-playbook -i <inventory> {expected}"
    assert told["ways"] == [f"ansible-playbook -i <inventory> {expected}"]
