# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The scenarios share a sandbox that is emptied before each, and that ends whatever becomes of them.

What molecule asks Ansible again and again is asked once.
"""

import subprocess
from types import SimpleNamespace

import pytest

from tools import molecule


@pytest.fixture
def ran(monkeypatch, tmp_path):
    """What was run, in short, and the sandboxes that it was given; `codes` holds exit codes that are not 0."""
    seen = SimpleNamespace(commands=[], sandboxes=set(), codes={}, place=tmp_path / ".cache" / "molecule")

    def run(words, *, env=None, check=False, **_):
        asked = "molecule" in words[0]
        command = f"{words[1]} {words[-1]}" if asked else words[3]
        seen.commands.append(command)
        seen.sandboxes.add(env["MOLECULE_SANDBOX"] if asked else words[-1])
        code = seen.codes.get(command, 0)
        if check and code:
            raise subprocess.CalledProcessError(code, words)
        return subprocess.CompletedProcess(words, code)

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(molecule, "ROOT", tmp_path)
    monkeypatch.setattr(molecule, "answering", lambda _: None)
    return seen


def test_scenarios_run_in_a_sandbox_that_is_emptied_before_each(ran):
    assert molecule.main(["ecr", "stack"]) == 0
    assert ran.commands == ["up", "reset", "test ecr", "reset", "test stack", "down"]
    assert len(ran.sandboxes) == 1


@pytest.mark.parametrize("failing", ["ecr", "stack"])
def test_what_a_failed_scenario_made_is_cleaned_up_and_the_others_run(ran, failing, capsys):
    ran.codes = {f"test {failing}": 2}
    assert molecule.main(["ecr", "stack"]) == 1
    without = [command for command in ran.commands if not command.startswith("cleanup")]
    assert without == ["up", "reset", "test ecr", "reset", "test stack", "down"]
    assert ran.commands[ran.commands.index(f"test {failing}") + 1] == f"cleanup {failing}"
    assert capsys.readouterr().out.splitlines()[-1] == f"1 of 2 scenarios passed; failed: {failing}"


def test_nothing_of_an_earlier_run_is_left_to_molecule_but_that_the_sandbox_is_there(ran):
    left = ran.place / "ecr" / "state.yml"
    left.parent.mkdir(parents=True)
    left.write_text("prepared: true\n")
    (left.parent / "inventory").mkdir()
    molecule.main(["ecr"])
    assert [path.name for path in left.parent.iterdir()] == ["state.yml"]
    assert left.read_text() == "created: true\n"


@pytest.mark.parametrize(
    ("failing", "expected"),
    [
        ("up", ["up", "down"]),
        ("reset", ["up", "reset", "down"]),
        ("down", ["up", "reset", "test ecr", "down"]),
    ],
)
def test_a_sandbox_that_does_not_start_empty_or_end_is_a_failure(ran, failing, expected):
    ran.codes = {failing: 3}
    assert molecule.main(["ecr"]) == 3
    assert ran.commands == expected


def test_an_interrupted_run_ends_its_sandbox(ran, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(molecule, "run", interrupt)
    with pytest.raises(KeyboardInterrupt):
        molecule.main(["ecr"])
    assert ran.commands == ["up", "down"]


@pytest.fixture
def programs(monkeypatch, tmp_path):
    """Programs that stand before Ansible's, which are scripts here that print their name and words; their folder."""
    ansible = tmp_path / "it's Ansible"
    ansible.mkdir()
    for name, _ in molecule.ASKED:
        (ansible / name).write_text(f'#!/bin/sh\necho "$0" >>"{tmp_path}/asked"\necho {name} of "$@"\n[ "$#" -lt 2 ]\n')
        (ansible / name).chmod(0o755)
    monkeypatch.setattr(molecule, "ANSIBLE", str(ansible))
    molecule.answering(tmp_path / "the programs")
    (tmp_path / "asked").unlink()
    return tmp_path / "the programs"


@pytest.mark.parametrize(("name", "question"), molecule.ASKED)
def test_what_molecule_asks_again_and_again_is_answered_without_starting_ansible(programs, tmp_path, name, question):
    done = subprocess.run([programs / name, question], capture_output=True, text=True, check=True)
    assert done.stdout == f"{name} of {question}\n"
    assert not (tmp_path / "asked").exists()


@pytest.mark.parametrize("name", [name for name, _ in molecule.ASKED])
@pytest.mark.parametrize("words", [["--check", "a play.yml"], ["--version", "-v"], ["", "*"]])
def test_everything_else_is_ansibles_own(programs, tmp_path, name, words):
    done = subprocess.run([programs / name, *words], capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == (f"{name} of {' '.join(words)}\n", 1)
    assert (tmp_path / "asked").exists()


def test_a_version_that_ansible_does_not_tell_is_a_failure(ran, monkeypatch, tmp_path):
    monkeypatch.undo()
    monkeypatch.setattr(molecule, "ANSIBLE", str(tmp_path))
    monkeypatch.setattr(molecule, "ROOT", tmp_path)
    (tmp_path / "ansible").write_text("#!/bin/sh\nexit 4\n")
    (tmp_path / "ansible").chmod(0o755)
    assert molecule.main(["ecr"]) == 4
