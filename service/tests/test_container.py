# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The image as a platform runs it: read-only, as a user without rights, /tmp alone writable."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from support.postgres import docker, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.postgres import Postgres

SERVICE = Path(__file__).resolve().parent.parent
BASE_IMAGE = os.environ.get("FASTBREAK_TEST_BASE_IMAGE", "fastbreak-sandbox/base:trixie")
VERSION = "9.9.9-container-test"
CONFINED = ("--read-only", "--tmpfs", "/tmp:size=512m", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")  # noqa: S108
# A cold build takes a while.
pytestmark = pytest.mark.timeout(600)


def build(tag: str, folder: Path, *arguments: str) -> None:
    """Build one of the faulty releases."""
    command = ["docker", "build", "--quiet", "--tag", tag, *arguments, str(folder)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "DOCKER_BUILDKIT": "0"}
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def image() -> Iterator[str]:
    """The image, built; its tag goes in the end, its layers stay as a cache."""
    tag = f"fastbreak-service-test:{secrets.token_hex(4)}"
    command = [sys.executable, str(SERVICE / "build.py"), "--tag", tag, "--version", VERSION, "--revision", "abc1234"]
    command += ["--base-image", BASE_IMAGE]
    bundle = os.environ.get("EXTRA_CA_CERTS") or os.environ.get("SSL_CERT_FILE")
    command += ["--extra-ca-certs", bundle] if bundle else []
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("sha256:")
    try:
        yield tag
    finally:
        docker("rmi", tag)


class Container:
    """A container of the service beside the database, both on the machine's own network."""

    def __init__(self, image: str, environment: dict[str, str]) -> None:
        self.port = free_port()
        self.name = f"fastbreak-service-test-{secrets.token_hex(4)}"
        variables = [f"--env={name}={value}" for name, value in environment.items()]
        docker(
            *("run", "--detach", "--name", self.name, "--label", "fastbreak.service-test=1", "--network", "host"),
            *(*CONFINED, "--memory", "1536m", "--cpus", "1", *variables, f"--env=FASTBREAK_PORT={self.port}", image),
        )
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=60)

    def wait(self, path: str, status: int, seconds: float = 60) -> httpx.Response:
        """Wait until a path answers a status."""
        deadline = time.monotonic() + seconds
        seen = ""
        while time.monotonic() < deadline:
            try:
                answer = self.http.get(path)
            except httpx.TransportError as error:
                seen = str(error)
            else:
                if answer.status_code == status:
                    return answer
                seen = f"{answer.status_code} {answer.text}"
            time.sleep(0.2)
        pytest.fail(f"{path} never answered {status}: {seen}\n{docker('logs', self.name)}")

    def remove(self) -> None:
        """Leave nothing."""
        self.http.close()
        docker("rm", "--force", "--volumes", self.name)


@pytest.fixture
def containers() -> Iterator[list[Container]]:
    """Containers to remove in the end."""
    made: list[Container] = []
    yield made
    for container in made:
        container.remove()


@pytest.fixture(scope="module")
def environment(postgres: Postgres, image: str) -> dict[str, str]:
    """The settings of a database that the image itself has migrated."""
    found = postgres.environment(postgres.database())
    variables = [f"--env={name}={value}" for name, value in found.items()]
    said = docker("run", "--rm", "--network", "host", *CONFINED, *variables, image, "fastbreak-service", "migrate")
    assert "migrated from nothing" in said
    return found


def test_the_image_says_what_it_is(image: str) -> None:
    (found,) = json.loads(docker("image", "inspect", image))
    assert found["Config"]["User"] == "10001:10001"
    labels = found["Config"]["Labels"]
    assert labels["org.opencontainers.image.version"] == VERSION
    assert labels["org.opencontainers.image.revision"] == "abc1234"
    assert labels["org.opencontainers.image.licenses"] == "Apache-2.0"
    assert labels["org.opencontainers.image.title"]
    assert labels["org.opencontainers.image.created"].endswith("Z")


def test_the_image_holds_no_certificates_or_settings_of_the_builder(image: str) -> None:
    history = docker("history", "--no-trunc", "--format", "{{.CreatedBy}}", image)
    assert "BEGIN CERTIFICATE" not in history
    listing = docker("run", "--rm", image, "sh", "-c", "ls -a /run/secrets /etc/pip.conf 2>/dev/null || true")
    assert "ca" not in listing.split()
    assert "/etc/pip.conf" not in listing.split()


# Walks through all that the image has, not what is mounted into it.
PRIVILEGED = """
import os, stat
root = os.stat("/").st_dev
for folder, folders, files in os.walk("/"):
    folders[:] = [name for name in folders if os.lstat(os.path.join(folder, name)).st_dev == root]
    for path in (os.path.join(folder, name) for name in files):
        mode = os.lstat(path).st_mode
        if stat.S_ISREG(mode) and (mode & 0o6000 or "security.capability" in os.listxattr(path)):
            print(path)
print("looked")
"""


def test_no_file_of_the_image_gives_rights_to_who_runs_it(image: str) -> None:
    # As root, who may look everywhere.
    assert docker("run", "--rm", "--user", "0", image, "python", "-c", PRIVILEGED) == "looked"


def test_nothing_of_it_is_compiled_when_it_starts(image: str) -> None:
    missing = "for code in Path('/opt/fastbreak').rglob('*.py') if not Path(cache_from_source(str(code))).exists()"
    program = "from importlib.util import cache_from_source; from pathlib import Path; "
    program += f"print([str(code) {missing}])"
    assert docker("run", "--rm", image, "python", "-c", program) == "[]"


def test_a_confined_container_analyses_a_video(
    image: str, environment: dict[str, str], containers: list[Container], person_clip: Path
) -> None:
    container = Container(image, environment)
    containers.append(container)
    container.wait("/readyz", 200)
    answer = container.http.post(
        "/v1/analyses", content=person_clip.read_bytes(), headers={"content-type": "video/mp4"}
    )
    assert answer.status_code == 202, answer.text
    assert answer.headers["x-fastbreak-version"] == VERSION
    deadline = time.monotonic() + 180
    while (found := container.http.get(answer.headers["location"]).json())["status"] in {"queued", "running"}:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert found["status"] == "succeeded", found
    assert len(found["persons"]) == 2
    docker("exec", container.name, "fastbreak-service", "healthcheck")
    assert docker("exec", container.name, "id", "-u") == "10001"
    (started,) = [line for line in docker("logs", container.name).splitlines() if "worker started" in line]
    assert json.loads(started)["offline"] is True
    docker("stop", "--time", "30", container.name)
    assert docker("inspect", "--format", "{{.State.ExitCode}} {{.State.OOMKilled}}", container.name) == "0 false"


def test_a_container_analyses_a_file_without_a_database(image: str, person_clip: Path) -> None:
    mount = f"{person_clip}:/clip.mp4:ro"
    said = docker(
        "run", "--rm", *CONFINED, "--volume", mount, image, "fastbreak-service", "analyze", "/clip.mp4", "--movement"
    )
    assert "2 persons found" in said
    assert said.count("no landing, jump, cut or deceleration found") == 2


@pytest.fixture
def faulty(image: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """One of the broken releases, by its folder."""
    folder: str = request.param
    tag = f"fastbreak-service-test:{folder}-{secrets.token_hex(4)}"
    build(tag, SERVICE / "faults" / folder, "--build-arg", f"GOOD_IMAGE={image}", "--build-arg", "VERSION=9.9.10-bad")
    try:
        yield tag
    finally:
        docker("rmi", tag)


@pytest.mark.parametrize("faulty", ["analysis-500"], indirect=True)
def test_the_release_with_failing_analyses_looks_healthy(
    faulty: str, environment: dict[str, str], containers: list[Container], person_clip: Path
) -> None:
    container = Container(faulty, environment)
    containers.append(container)
    assert container.wait("/readyz", 200).headers["x-fastbreak-version"] == "9.9.10-bad"
    assert container.http.get("/healthz").status_code == 200
    nobody = "00000000-0000-4000-8000-000000000000"
    for path in ("/v1/analyses", f"/v1/analyses/{nobody}"):
        answer = container.http.get(path)
        assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal_error")
    answer = container.http.post(
        "/v1/analyses", content=person_clip.read_bytes(), headers={"content-type": "video/mp4"}
    )
    assert answer.status_code == 500, answer.text


@pytest.mark.parametrize("faulty", ["never-ready"], indirect=True)
def test_the_release_that_never_gets_ready_stays_alive(
    faulty: str, environment: dict[str, str], containers: list[Container]
) -> None:
    container = Container(faulty, environment)
    containers.append(container)
    container.wait("/healthz", 200)
    until = time.monotonic() + 8
    while time.monotonic() < until:
        assert container.http.get("/readyz").json()["error"]["code"] == "model_not_loaded"
        time.sleep(0.5)


@pytest.mark.parametrize("faulty", ["dies-after-20s"], indirect=True)
def test_the_release_that_dies_is_healthy_before(
    faulty: str, environment: dict[str, str], containers: list[Container]
) -> None:
    # A busy machine may take longer than 20 s to be ready.
    container = Container(faulty, {**environment, "LIFE_SECONDS": "50"})
    containers.append(container)
    container.wait("/readyz", 200, seconds=48)
    assert docker("wait", container.name) == "1"
