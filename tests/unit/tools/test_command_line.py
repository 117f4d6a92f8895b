# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every command of ours explains itself and says its version, and does nothing while it does so."""

import runpy
import subprocess
import sys
from pathlib import Path

import ansible.utils.display  # noqa: F401 - its first import asks ldconfig, which is a process
import pytest

from tools.command_line import version
from tools.files import ROOT, project_files

MAIN = 'if __name__ == "__main__":'
INNER = {"tools.engine._launch", "benchmarks.promotion.ours", "benchmarks.releases.app", "sandbox.server"}
"""Started by other commands of ours, with words that nobody types."""


def is_command(path: Path) -> bool:
    return path.name == "__main__.py" or MAIN in (ROOT / path).read_text(encoding="utf-8")


def module_of(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__main__")


pytestmark = pytest.mark.filterwarnings("ignore:.*found in sys.modules")
PATTERNS = [f"{folder}/**.py" for folder in ("tools", "demo", "sandbox", "benchmarks")]
COMMANDS = sorted({module_of(path) for path in project_files(*PATTERNS) if is_command(path)} - INNER)
SCRIPTS = sorted(path for path in project_files("service/*.py") if path.parent.name == "service" and is_command(path))


@pytest.fixture
def inert(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever starts a process or deletes a folder fails the test."""

    def refuse(*words: object, **options: object) -> None:
        raise AssertionError(f"acted: {words}")

    monkeypatch.setattr(subprocess.Popen, "__init__", refuse)
    monkeypatch.setattr("os.execve", refuse)
    monkeypatch.setattr("shutil.rmtree", refuse)


def started(command: str | Path, word: str, monkeypatch: pytest.MonkeyPatch) -> object:
    """The exit code of a command that is started with one word."""
    monkeypatch.setattr(sys, "argv", [str(command), word])
    run, place = (
        (runpy.run_path, str(ROOT / command)) if isinstance(command, Path) else (runpy.run_module, str(command))
    )
    if isinstance(command, Path):
        # As Python does it for a program: it finds what lies beside it.
        monkeypatch.syspath_prepend(str((ROOT / command).parent))
    with pytest.raises(SystemExit) as ended:
        run(place, run_name="__main__")
    return ended.value.code


def test_the_commands_are_found() -> None:
    assert {"tools.clean", "tools.engine", "tools.suite", "demo", "sandbox", "benchmarks.promotion"} <= set(COMMANDS)
    assert len(SCRIPTS) == 5


@pytest.mark.usefixtures("inert")
@pytest.mark.parametrize("command", [*COMMANDS, *SCRIPTS], ids=str)
def test_help_explains_and_does_nothing(
    command: str | Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert started(command, "--help", monkeypatch) == 0
    assert "usage: " in capsys.readouterr().out


@pytest.mark.usefixtures("inert")
@pytest.mark.parametrize("command", COMMANDS)
def test_version_is_the_projects(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert started(command, "--version", monkeypatch) == 0
    assert version() in capsys.readouterr().out


@pytest.mark.usefixtures("inert")
@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "tools.sanity"])
def test_an_unknown_option_ends_it_at_once(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """ansible-test's own options pass through tools.sanity."""
    assert started(command, "--no-such-option", monkeypatch) == 2
    assert "usage: " in capsys.readouterr().err


def test_help_of_a_benchmark_loads_none_of_what_takes_a_second() -> None:
    commands = [f"{command}.__main__" for command in COMMANDS if command.startswith("benchmarks.")]
    program = f"import importlib, sys; [importlib.import_module(name) for name in {commands}]; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "benchmarks.provision.peers" in loaded.stdout.split()
    assert {"cfnlint", "ansible.inventory.manager"} & set(loaded.stdout.split()) == set()
