# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Tasks run what lies in their account's ECR, and nothing that does not."""

import base64
import io
import tarfile
import uuid
from collections.abc import Iterator
from typing import Any

import docker
import pytest

from tests.sandbox.services.ecs.app import IMAGE, Platform, until

HELLO = {"command": ["print('hello')"]}


class Repository:
    """An ECR repository with an image pushed under some tags."""

    def __init__(self, sandbox: Any, name: str, account: str = "dev") -> None:
        self.ecr = sandbox.client("ecr", account)
        self.name = name
        self.uri = self.ecr.create_repository(repositoryName=name)["repository"]["repositoryUri"]
        data = self.ecr.get_authorization_token()["authorizationData"][0]
        self._host = data["proxyEndpoint"].removeprefix("http://")
        username, _, password = base64.b64decode(data["authorizationToken"]).decode().partition(":")
        self._login = {"username": username, "password": password}

    def push(self, tag: str, image: str = IMAGE) -> str:
        """Push an image; its digest."""
        client = docker.from_env()
        target = f"{self._host}/{self.name}"
        client.images.get(image).tag(target, tag)
        for line in client.api.push(target, tag=tag, auth_config=self._login, stream=True, decode=True):
            assert "error" not in line, line
        client.images.remove(f"{target}:{tag}")
        client.close()
        return str(self.ecr.describe_images(repositoryName=self.name)["imageDetails"][0]["imageDigest"])

    def delete(self, **image: str) -> None:
        self.ecr.batch_delete_image(repositoryName=self.name, imageIds=[image])


@pytest.fixture(scope="module", autouse=True)
def _mounting(sandbox: Any) -> Iterator[None]:
    """Dev's repositories share blobs: else the engine compresses the base image for each of them anew."""
    ecr = sandbox.client("ecr")
    ecr.put_account_setting(name="BLOB_MOUNTING", value="ENABLED")
    yield
    ecr.put_account_setting(name="BLOB_MOUNTING", value="DISABLED")


@pytest.fixture
def small() -> Iterator[str]:
    """An image of a single file, which takes no time to compress. Nothing can run in it."""
    name, archive = f"sandbox-test-{uuid.uuid4().hex[:8]}", io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.addfile(tarfile.TarInfo(name))
    client = docker.from_env()
    client.api.import_image_from_data(archive.getvalue(), name, "1")
    yield f"{name}:1"
    client.images.remove(f"{name}:1")
    client.close()


@pytest.fixture
def platform(sandbox: Any) -> Iterator[Platform]:
    made = Platform(sandbox)
    yield made
    until(lambda: not made.containers())


def test_an_image_is_pulled_from_the_account_and_only_while_it_is_there(sandbox: Any, platform: Platform) -> None:
    repository = Repository(sandbox, f"{platform.name}/app")
    digest = repository.push("1")
    for reference in (f"{repository.uri}:1", f"{repository.uri}@{digest}", f"{repository.uri}:1@{digest}"):
        task = platform.run(platform.define(**HELLO, image=reference))
        assert platform.output(task["taskArn"]) == ["hello"]
        container = task["containers"][0]
        assert (container["image"], container["imageDigest"]) == (reference, digest)
    repository.delete(imageDigest=digest)
    for reference in (f"{repository.uri}:1", f"{repository.uri}@{digest}", f"{repository.uri}-none:1"):
        task = platform.run(platform.define(**HELLO, image=reference))
        assert task["stopCode"] == "TaskFailedToStart"
        assert task["stoppedReason"].startswith("CannotPullContainerError: ")
        assert reference in task["stoppedReason"]
        assert "exitCode" not in task["containers"][0]


def test_a_service_keeps_to_the_digest_that_its_deployment_found(sandbox: Any, platform: Platform) -> None:
    repository = Repository(sandbox, f"{platform.name}/app")
    digest = repository.push("latest")
    platform.create(platform.define(image=repository.uri), 1)
    service = platform.steady()
    assert platform.tasks()[0]["containers"][0]["imageDigest"] == digest
    arn = service["currentServiceRevisions"][0]["arn"]
    revision = platform.ecs.describe_service_revisions(serviceRevisionArns=[arn])["serviceRevisions"][0]
    assert revision["containerImages"] == [{"containerName": "app", "image": repository.uri, "imageDigest": digest}]
    repository.delete(imageTag="latest")
    repository.push("other")
    platform.update(desiredCount=2)
    until(lambda: platform.service()["runningCount"] == 2)
    assert {task["containers"][0]["imageDigest"] for task in platform.tasks()} == {digest}
    platform.remove()


def test_another_accounts_image_needs_its_repositorys_consent(sandbox: Any, platform: Platform, small: str) -> None:
    repository = Repository(sandbox, f"{platform.name}/app", "prod")
    repository.push("1", small)
    task = platform.run(platform.define(**HELLO, image=f"{repository.uri}:1"))
    assert task["stopCode"] == "TaskFailedToStart"
    assert task["stoppedReason"].startswith("CannotPullContainerError: ")
