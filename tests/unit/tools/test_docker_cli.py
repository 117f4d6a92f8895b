"""Choosing a Docker client among real programs that answer as the known clients do."""

import os
from pathlib import Path

import pytest

from tools import docker_cli

PLUGIN = "case $1 in buildx) exit 0 ;; esac; echo 'Docker version 28.2.2, build e6534b4'"
NO_PLUGIN = "case $1 in buildx) exit 1 ;; esac; echo 'Docker version 28.2.2, build e6534b4'"
OLD = "case $1 in buildx) exit 1 ;; esac; echo 'Docker version 20.10.24+dfsg1, build 297e128'"


def client(folder: Path, script: str) -> Path:
    folder.mkdir()
    program = folder / "docker"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return program


@pytest.mark.parametrize("good", [PLUGIN, OLD])
def test_a_client_that_cannot_build_is_passed_over(tmp_path: Path, good: str) -> None:
    bad, second = client(tmp_path / "1", NO_PLUGIN), client(tmp_path / "2", good)
    assert docker_cli.find(f"{bad.parent}:{second.parent}") == second


def test_the_first_good_client_is_taken(tmp_path: Path) -> None:
    first, second = client(tmp_path / "1", PLUGIN), client(tmp_path / "2", OLD)
    assert docker_cli.find(f"{first.parent}:{second.parent}") == first


def test_no_good_client_is_said_with_what_was_found(tmp_path: Path) -> None:
    bad = client(tmp_path / "1", NO_PLUGIN)
    with pytest.raises(docker_cli.NoBuildKitError, match=str(bad)):
        docker_cli.find(f"{bad.parent}:{tmp_path}")


@pytest.mark.parametrize(
    ("listing", "major"),
    [
        ("Docker version 20.10.24+dfsg1, build 297e128", 20),
        ("podman version 4.3.1", 4),
        ("Docker version x", None),
        ("", None),
    ],
)
def test_a_version_is_read_as_clients_write_it(listing: str, major: int | None) -> None:
    assert docker_cli.major_version(listing) == major


def test_only_the_client_is_put_before_the_rest_of_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docker_cli, "SHIM", tmp_path / "shim")
    bad, good = client(tmp_path / "1", NO_PLUGIN), client(tmp_path / "2", OLD)
    path = f"{bad.parent}:{good.parent}"
    environment = docker_cli.build_environment({"PATH": path, "HOME": "/home"})
    first, _, rest = environment["PATH"].partition(os.pathsep)
    assert rest == path
    assert os.listdir(first) == ["docker"]  # noqa: PTH208 - as a shell sees it
    assert (Path(first) / "docker").resolve() == good
    assert environment["DOCKER_BUILDKIT"] == "1"
    assert environment["HOME"] == "/home"
