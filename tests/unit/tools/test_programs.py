# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A program that is missing is installed where that may be done, and otherwise named with what to do.

The path holds only programs of the test: those that are there already, and an apt-get and a systemctl that note how
they are called.
"""

from pathlib import Path

import pytest

from tools import apt, programs

NOTES = 'echo "${0##*/} $*" >>"$CALLS"'


class Machine:
    """A folder that is the whole PATH, and what was called from it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "calls"

    def has(self, program: str, script: str = "exit 0") -> None:
        path = self.folder / program
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    @property
    def calls(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []

    def installed(self) -> list[str]:
        return [call.partition(" install --no-install-recommends ")[2] for call in self.calls if " install " in call]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    found = Machine(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CALLS", str(found.log))
    return found


@pytest.fixture
def debian(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """One where packages may be installed, and where systemd would start what they bring."""
    machine.has("apt-get", NOTES)
    machine.has("systemctl", NOTES)
    monkeypatch.setattr(apt, "may_install", lambda: True)
    monkeypatch.setattr(programs, "SYSTEMD", machine.folder)
    return machine


def test_what_is_there_is_not_installed(debian: Machine) -> None:
    debian.has("skopeo")
    assert programs.main(["skopeo"]) == 0
    assert debian.calls == []


def test_only_what_is_missing_is_installed(debian: Machine) -> None:
    debian.has("openssl")
    assert programs.main(["skopeo", "openssl"]) == 0
    assert debian.installed() == ["skopeo"]


def test_no_service_is_left_running(debian: Machine) -> None:
    assert programs.main(["docker-registry"]) == 0
    assert debian.calls[-1] == "systemctl disable --now docker-registry.service"


def test_apts_own_words_are_passed_on(debian: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    debian.has("apt-get", "echo E: Unable to locate package skopeo; exit 100")
    assert programs.main(["skopeo"]) == 1
    assert "Unable to locate package skopeo" in capsys.readouterr().err


def test_where_nothing_may_be_installed_it_is_named(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    machine.has("openssl")
    assert programs.main(["skopeo", "openssl", "docker-registry"]) == 1
    said = capsys.readouterr().err
    assert "docker-registry and skopeo must be installed" in said
    assert "apt-get install docker-registry skopeo" in said
