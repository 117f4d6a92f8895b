"""A program that is missing is installed where that may be done, and otherwise named with what to do."""

import pytest

from tools import apt, programs


def test_a_program_that_is_there_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apt, "install", lambda *_packages: pytest.fail("it was installed again"))
    monkeypatch.setattr(programs.shutil, "which", lambda program: f"/usr/bin/{program}")
    programs.ensure("skopeo")


def test_what_may_not_be_installed_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(programs.shutil, "which", lambda _program: None)
    monkeypatch.setattr(apt, "may_install", lambda: False)
    assert programs.main(["skopeo", "docker-registry"]) == 1
    said = capsys.readouterr().err
    assert "docker-registry and skopeo must be installed" in said
    assert "apt-get install docker-registry skopeo" in said


def test_only_what_is_missing_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    installed: list[str] = []
    monkeypatch.setattr(programs.shutil, "which", lambda program: None if program == "skopeo" else program)
    monkeypatch.setattr(apt, "may_install", lambda: True)
    monkeypatch.setattr(apt, "install", lambda *packages: installed.extend(packages))
    assert programs.main(["skopeo", "docker-registry"]) == 0
    assert installed == ["skopeo"]


def test_apts_own_words_are_passed_on(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fail(*_packages: str) -> None:
        raise apt.AptError("`apt-get install skopeo` failed (exit 100): no such package")

    monkeypatch.setattr(programs.shutil, "which", lambda _program: None)
    monkeypatch.setattr(apt, "may_install", lambda: True)
    monkeypatch.setattr(apt, "install", fail)
    assert programs.main(["skopeo"]) == 1
    assert "no such package" in capsys.readouterr().err
