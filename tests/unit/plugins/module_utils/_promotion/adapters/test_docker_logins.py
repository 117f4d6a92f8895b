# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Logins of docker's, with helper programs that really run."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import CredentialsError
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.login import Login
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.adapters.docker_logins import (
    DockerLogins,
    config_file,
    config_files,
)

HOST = "registry.example.com"
SECRET = "hunter2hunter2"
ANSWER = json.dumps({"ServerURL": HOST, "Username": "u", "Secret": SECRET})


class Case:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, document: Any) -> None:
        (self.folder / "config.json").write_text(document if isinstance(document, str) else json.dumps(document))

    def helper(self, *lines: str) -> None:
        """A helper of these lines of shell, and a configuration that names it."""
        program = self.folder / "docker-credential-test"
        program.write_text("\n".join(("#!/bin/sh", *lines, "")))
        program.chmod(0o700)
        self.write({"credHelpers": {HOST: "test"}})

    def podman(self, document: Any) -> None:
        (self.folder / "auth.json").write_text(json.dumps(document))

    def logins(self, **more: Any) -> DockerLogins:
        return DockerLogins(HOST, [self.folder / "config.json", self.folder / "auth.json"], **more)

    def refusal(self, **more: Any) -> str:
        with pytest.raises(CredentialsError) as caught:
            self.logins(**more).login()
        assert SECRET not in caught.value.message
        assert "docker login" in caught.value.message
        return caught.value.message


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return Case(tmp_path)


def test_the_file_is_where_docker_has_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("DOCKER_CONFIG", raising=False)
    assert config_file() == tmp_path / ".docker" / "config.json"
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "other"))
    assert config_file() == tmp_path / "other" / "config.json"


def test_podmans_files_are_looked_at_behind_dockers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("DOCKER_CONFIG", "REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    docker = tmp_path / ".docker" / "config.json"
    assert config_files() == (docker, tmp_path / ".config" / "containers" / "auth.json")
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/7")
    monkeypatch.setenv("XDG_CONFIG_HOME", "/etc/x")
    assert config_files()[1:] == (Path("/run/user/7/containers/auth.json"), Path("/etc/x/containers/auth.json"))
    monkeypatch.setenv("REGISTRY_AUTH_FILE", "/auth.json")
    assert config_files() == (docker, Path("/auth.json"))


def test_a_user_without_a_home_has_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    for name in ("DOCKER_CONFIG", "REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    assert DockerLogins(HOST).login() is None
    assert not DockerLogins(HOST).is_known()


def test_a_file_of_podmans_that_cannot_be_read_is_nobodys_business_unless_a_login_is_required(case: Case) -> None:
    (case.folder / "auth.json").mkdir()
    assert case.logins(required=False).login() is None
    assert "auth.json cannot be read (Is a directory)" in case.refusal()
    (case.folder / "config.json").mkdir()
    assert "config.json cannot be read" in case.refusal(required=False)


def test_what_is_noted_goes_before_a_helper_that_may_have_it(case: Case) -> None:
    case.helper("echo asked >&2; exit 3")
    case.write({"credsStore": "test"})
    case.podman({"auths": {HOST: {"username": "p", "password": "q"}}})
    assert case.logins().login() == Login(HOST, "p", "q")


def test_without_a_file_there_is_no_login(case: Case) -> None:
    assert not case.logins().is_known()
    assert case.logins().login() is None


def test_a_helper_is_asked_by_its_protocol_once_and_again_when_its_login_is_refused(case: Case) -> None:
    case.helper(
        f'[ "$1" = get ] && [ "$(cat)" = {HOST} ] || exit 3',
        f"echo x >> {case.folder}/asked",
        f"""printf '{{"Username": "u", "Secret": "%s"}}' "$(wc -l < {case.folder}/asked)" """,
    )
    logins = case.logins()
    first = logins.login()
    assert logins.is_known()
    assert first == logins.login() == Login(HOST, "u", "1")
    assert logins.login(first) == Login(HOST, "u", "2")
    assert (case.folder / "asked").read_text().count("x") == 2


def test_a_login_that_stays_the_same_is_not_used_again(case: Case) -> None:
    case.helper(f"echo '{ANSWER}'")
    logins = case.logins()
    assert logins.login(logins.login()) is None


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (("echo credentials not found in native keychain", "exit 1"), "has none"),
        ((f"echo '{ANSWER}'", "exit 7"), "ended with status 7"),
        (("echo no json",), "is not JSON"),
        ((f"head -c 2000000 /dev/zero; echo '{ANSWER}'",), "more than 1048576 bytes"),
        (("yes",), "more than 1048576 bytes"),
        ((f"echo {SECRET}",), "is not JSON"),
    ],
)
def test_a_helper_that_does_not_answer_as_it_should_is_told_without_its_secret(
    case: Case, lines: tuple[str, ...], told: str
) -> None:
    case.helper(*lines)
    assert told in case.refusal()


def test_a_helper_for_all_registries_is_asked_though_nothing_is_noted(case: Case) -> None:
    case.helper(f"echo '{ANSWER}'")
    case.write({"credsStore": "test"})
    for required in (True, False):
        assert case.logins(required=required).login() == Login(HOST, "u", SECRET)


@pytest.mark.parametrize(
    "lines", [("echo credentials not found in native keychain", "exit 1"), ('echo \'{"Username":"","Secret":""}\'',)]
)
def test_a_helper_that_has_nothing_is_no_login_unless_that_is_required_or_noted(
    case: Case, lines: tuple[str, ...]
) -> None:
    case.helper(f"echo x >> {case.folder}/asked", *lines)
    assert "has none" in case.refusal(required=False)
    case.write({"credsStore": "test"})
    assert "has none" in case.refusal()
    (case.folder / "asked").unlink()
    logins = case.logins(required=False)
    assert logins.login() is logins.login() is None
    # By its name and by its URL, and not again for the second caller.
    assert (case.folder / "asked").read_text().count("x") == 2


def test_a_helper_for_all_registries_that_is_not_installed_is_no_login_unless_that_is_required(case: Case) -> None:
    case.write({"credsStore": "absent"})
    assert case.logins(required=False).login() is None
    assert "docker-credential-absent, which" in case.refusal()
    case.write({"credsStore": "absent", "auths": {HOST: {}}})
    assert "docker-credential-absent, which" in case.refusal(required=False)


@pytest.mark.parametrize("content", ["\x7fELF", "MZ\x90", ""])
def test_a_helper_of_another_system_is_none_unless_that_is_required_or_noted(case: Case, content: str) -> None:
    case.helper()
    (case.folder / "docker-credential-test").write_text(content)
    if content:
        assert "cannot be run (Exec format error)" in case.refusal(required=False)
    case.write({"credsStore": "test"})
    if content:
        assert case.logins(required=False).login() is None
    assert case.refusal()


def test_a_helper_that_knows_the_registry_by_its_url_is_asked_by_that(case: Case) -> None:
    case.helper(f'[ "$(cat)" = https://{HOST}/v1/ ] || {{ echo credentials not found; exit 1; }}', f"echo '{ANSWER}'")
    case.write({"credsStore": "test", "auths": {f"https://{HOST}/v1/": {}}})
    assert case.logins().login() == Login(HOST, "u", SECRET)


def test_a_helper_that_hangs_is_ended_with_all_that_it_started(case: Case) -> None:
    case.helper("sleep 600 &", "sleep 600")
    began = time.monotonic()
    assert "gave no answer within 0.3 s" in case.refusal(seconds=0.3)
    assert time.monotonic() - began < 300, "it was waited for"


def test_a_helper_that_is_not_installed_or_cannot_be_meant_is_told(case: Case) -> None:
    case.write({"credHelpers": {HOST: "absent"}})
    assert "docker-credential-absent, which" in case.refusal()
    case.write({"credHelpers": {HOST: "x; rm -rf /"}})
    assert "no name of a program" in case.refusal()
    case.write(f"not json {SECRET}")
    assert "is not JSON" in case.refusal()
