# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""When an environment counts as made. Making one is tried by every CI run."""

import json
from pathlib import Path

import pytest

from tools import venvs


@pytest.fixture
def venv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> venvs.Venv:
    monkeypatch.setattr(venvs, "ROOT", tmp_path)
    (tmp_path / "a.lock").write_text("ruff==1\n")
    venv = venvs.Venv(".venv", "a.lock")
    venv.python.parent.mkdir(parents=True)
    venv.python.touch(0o755)
    venv.python.chmod(0o755)
    return venv


def test_one_without_a_stamp_was_left_half_made(venv: venvs.Venv) -> None:
    assert not venvs.usable(venv)
    assert not venvs.is_current(venv)


def test_a_stamped_one_is_current(venv: venvs.Venv) -> None:
    venvs.write_stamp(venv)
    assert venvs.is_current(venv)


def test_another_lock_makes_it_stale_but_usable(venv: venvs.Venv) -> None:
    venvs.write_stamp(venv)
    (venvs.ROOT / "a.lock").write_text("ruff==2\n")
    assert venvs.usable(venv)
    assert not venvs.is_current(venv)


def test_a_moved_one_is_not_usable(venv: venvs.Venv) -> None:
    venvs.write_stamp(venv)
    stamp = json.loads(venv.stamp_path.read_text())
    venv.stamp_path.write_text(json.dumps(stamp | {"location": "/elsewhere/.venv"}))
    assert not venvs.usable(venv)


def test_one_whose_interpreter_is_gone_is_not_usable(venv: venvs.Venv) -> None:
    venvs.write_stamp(venv)
    venv.python.unlink()
    assert not venvs.usable(venv)


@pytest.mark.parametrize("text", ["", "{", "[]", "null"])
def test_a_broken_stamp_is_none(venv: venvs.Venv, text: str) -> None:
    venv.stamp_path.write_text(text)
    assert not venvs.usable(venv)


def test_a_missing_lock_is_said(venv: venvs.Venv) -> None:
    (venvs.ROOT / "a.lock").unlink()
    with pytest.raises(venvs.BootstrapError, match=r"a\.lock"):
        venvs.is_current(venv)


class Installer:
    """What is run instead of uv."""

    def __init__(self, failing: str = "") -> None:
        self.calls: list[list[str]] = []
        self.failing = failing

    def __call__(self, command: list[str], what: str, _environment: object = None) -> None:
        self.calls.append(command[1:3])
        if self.failing in command[1:3]:
            raise venvs.BootstrapError(f"{what} failed")


@pytest.fixture
def installer(monkeypatch: pytest.MonkeyPatch) -> Installer:
    made = Installer()
    monkeypatch.setattr(venvs, "run", made)
    monkeypatch.setattr(venvs, "ensure_uv", lambda: Path("/uv"))
    monkeypatch.setattr(venvs, "uv_environment", dict)
    return made


def test_a_finished_one_is_only_synced(venv: venvs.Venv, installer: Installer) -> None:
    venvs.write_stamp(venv)
    venvs.fill(venv)
    assert installer.calls == [["pip", "sync"]]


def test_a_half_made_one_is_made_anew(venv: venvs.Venv, installer: Installer) -> None:
    venvs.fill(venv)
    assert installer.calls == [["venv", "--quiet"], ["pip", "sync"]]


def test_one_whose_packages_could_not_be_had_has_no_stamp(venv: venvs.Venv, installer: Installer) -> None:
    venvs.write_stamp(venv)
    installer.failing = "sync"
    with pytest.raises(venvs.BootstrapError, match=r"a\.lock"):
        venvs.fill(venv)
    assert not venvs.usable(venv)


def test_making_one_says_nothing_where_the_output_of_a_program_is_wanted(
    venv: venvs.Venv, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(venvs, "CACHE", venvs.ROOT)
    monkeypatch.setattr(venvs, "fill", lambda _venv: None)
    venvs.ensure(venv)
    told = capsys.readouterr()
    assert told.out == ""
    assert ".venv is ready" in told.err
