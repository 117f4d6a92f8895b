# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""An index that another machine pushed is known by its digest once the engine has pulled it.

An engine whose images containerd keeps pushes one; an engine with the older store knows of it no digest but that in
its name.
"""

from __future__ import annotations

import http.client
import importlib
import io
import subprocess
import sys
import tarfile
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.login import Login
from ansible_collections.fastbreak.aws.plugins.module_utils._publish.docker import DockerClient

from tests.registries.docker_registry import DockerRegistry
from tests.registries.images import Made, make_index, push

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
REPOSITORY = f"app-{uuid.uuid4().hex[:12]}"
IMAGE = f"{REPOSITORY}:1.0.0"


@pytest.fixture
def images(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.syspath_prepend(str(ROOT / "service"))
    yield importlib.import_module("image")
    sys.modules.pop("image", None)


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[DockerRegistry]:
    with DockerRegistry(tmp_path / "registry") as made:
        yield made
    names = docker("image", "ls", "--quiet", "--no-trunc", "--filter", f"reference=*{REPOSITORY}").split()
    names += docker("image", "ls", "--quiet", "--no-trunc", "--filter", f"reference=*/{REPOSITORY}").split()
    if names:
        docker("image", "rm", "--force", *set(names))


def docker(*words: str, given: bytes = b"") -> str:
    return subprocess.run(["docker", *words], input=given, check=True, capture_output=True).stdout.decode().strip()


def pushed_index(registry: DockerRegistry) -> Made:
    """An index with an image of this machine's platform, which the engine has no more."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as packed:
        packed.addfile(tarfile.TarInfo("file"))
    name = f"{registry.host}/{REPOSITORY}:of-platform"
    docker("import", "-", name, given=archive.getvalue())
    docker("push", "--quiet", name)
    docker("image", "rm", "--force", name)
    connection = http.client.HTTPConnection(registry.host, timeout=60)
    # The older store pushes the one, containerd's the other.
    kinds = "application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json"
    connection.request("GET", f"/v2/{REPOSITORY}/manifests/of-platform", headers={"Accept": kinds})
    answer = connection.getresponse()
    manifest, kind = answer.read(), answer.headers["Content-Type"]
    connection.close()
    platform = docker("version", "--format", "{{.Server.Os}}/{{.Server.Arch}}")
    index = make_index({platform: Made(manifest, kind)}, docker="docker" in kind)
    push(registry.host, REPOSITORY, index, tag="1.0.0")
    return index


def test_a_pulled_index_is_the_published_image(registry: DockerRegistry, images: Any) -> None:
    index = pushed_index(registry)
    reference = f"{registry.host}/{REPOSITORY}@{index.digest}"
    DockerClient("docker", 60).pull(reference, IMAGE, Login(registry.host, "user", "secret"))
    assert images.published("docker", IMAGE, index.digest)["Id"] != ""
    with pytest.raises(images.ImageError, match="the engine has another image of that name"):
        images.published("docker", IMAGE, "sha256:" + "0" * 64)
    # By its name alone, nobody would know.
    docker("image", "rm", "--no-prune", reference)
    if images.inspect("docker", IMAGE)["Id"] != index.digest:
        with pytest.raises(images.ImageError, match="keep the name with the digest"):
            images.published("docker", IMAGE, index.digest)
