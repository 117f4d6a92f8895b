# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""ECR: its API, its registry, and that both say the same."""

import base64
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from sandbox.services.ecr.model import images, manifests
from tests.sandbox.services.ecr.registry import (
    CONFIG,
    LAYER,
    OCI,
    Registry,
    descriptor,
    digest_of,
    image,
    index,
    lowered,
    manifest_digest,
)


def test_each_account_has_a_registry_of_its_own(sandbox: Any, registry: Registry) -> None:
    other = Registry(sandbox.client("ecr", "prod"))
    assert other.endpoint != registry.endpoint
    assert registry.endpoint == f"http://{sandbox.state.registries['111111111111']}"
    assert registry.endpoint.startswith("http://127.")
    assert registry.call("GET", "/v2/")[0] == 200
    assert registry.call("GET", "/v2/", token=other.token)[0] == 200
    status, _, body = registry.call("GET", "/v2/any/tags/list", token=other.token)
    assert (status, json.loads(body)["errors"][0]["code"]) == (403, "DENIED")


@pytest.mark.parametrize("password", ["", "AWS:wrong", "someone:wrong"])
def test_a_password_is_checked(registry: Registry, password: str) -> None:
    token = base64.b64encode(password.encode()).decode()
    status, headers, _ = registry.call("GET", "/v2/", token=token)
    assert status == 401
    assert lowered(headers)["www-authenticate"].startswith("Basic realm=")
    # What judges ages goes by it.
    assert "date" in lowered(headers)


def test_a_pushed_image_is_described_and_pulled_byte_by_byte(ecr: Any, registry: Registry, name: str) -> None:
    document = image()
    raw = json.dumps(document, indent=3).encode()
    status, headers, _ = registry.call("PUT", f"/v2/{name}/manifests/1.0.0", raw, content_type=document["mediaType"])
    assert (status, lowered(headers)["docker-content-digest"]) == (201, digest_of(raw))
    [found] = ecr.describe_images(repositoryName=name)["imageDetails"]
    assert found["imageDigest"] == digest_of(raw)
    assert found["imageTags"] == ["1.0.0"]
    assert found["imageSizeInBytes"] == len(CONFIG) + len(LAYER)
    assert found["artifactMediaType"] == f"{OCI}.config.v1+json"
    assert registry.call("GET", f"/v2/{name}/manifests/1.0.0")[2] == raw
    assert registry.call("GET", f"/v2/{name}/blobs/{digest_of(LAYER)}")[2] == LAYER
    assert "lastRecordedPullTime" in ecr.describe_images(repositoryName=name)["imageDetails"][0]
    [got] = ecr.batch_get_image(repositoryName=name, imageIds=[{"imageTag": "1.0.0"}])["images"]
    assert got["imageManifest"].encode() == raw


def test_what_is_missing_is_said_to_be_missing(ecr: Any, registry: Registry, name: str) -> None:
    with pytest.raises(ecr.exceptions.ImageNotFoundException, match="imageTag:'none'"):
        ecr.describe_images(repositoryName=name, imageIds=[{"imageTag": "none"}])
    with pytest.raises(ecr.exceptions.ImageNotFoundException):
        ecr.describe_images(repositoryName=name, imageIds=[{"imageDigest": digest_of(b"none")}])
    answer = ecr.batch_get_image(repositoryName=name, imageIds=[{"imageTag": "none"}])
    assert [failure["failureCode"] for failure in answer["failures"]] == ["ImageNotFound"]
    with pytest.raises(ecr.exceptions.RepositoryNotFoundException):
        ecr.describe_images(repositoryName="no-such-repository")
    assert json.loads(registry.call("GET", f"/v2/{name}/manifests/none")[2])["errors"][0]["code"] == "MANIFEST_UNKNOWN"
    status, _, body = registry.call("POST", "/v2/no-such-repository/blobs/uploads/", b"")
    assert (status, json.loads(body)["errors"][0]["code"]) == (404, "NAME_UNKNOWN")


def test_a_manifest_with_missing_parts_is_refused(ecr: Any, registry: Registry, name: str) -> None:
    lacking = image(layers=[descriptor(f"{OCI}.layer.v1.tar", b"never pushed")])
    assert registry.push_manifest(name, "lacking", lacking) == (400, "MANIFEST_BLOB_UNKNOWN")
    assert registry.push_manifest(name, "index", index(image())) == (400, "MANIFEST_BLOB_UNKNOWN")
    with pytest.raises(ecr.exceptions.LayersNotFoundException):
        ecr.put_image(repositoryName=name, imageManifest=json.dumps(lacking), imageTag="lacking")
    with pytest.raises(ecr.exceptions.ReferencedImagesNotFoundException):
        ecr.put_image(repositoryName=name, imageManifest=json.dumps(index(image())), imageTag="index")
    assert not ecr.list_images(repositoryName=name)["imageIds"]


def test_a_foreign_layer_need_not_be_there(registry: Registry, name: str) -> None:
    foreign = descriptor("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", b"elsewhere")
    assert registry.push_manifest(name, "foreign", image(layers=[foreign])) == (201, "")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"mediaType": "text/plain"}', b'{"layers": []}'])
def test_garbage_is_no_manifest(registry: Registry, ecr: Any, body: bytes) -> None:
    if not any(repository["repositoryName"] == "garbage" for repository in ecr.describe_repositories()["repositories"]):
        ecr.create_repository(repositoryName="garbage")
    status, _, answer = registry.call("PUT", "/v2/garbage/manifests/x", body, content_type=f"{OCI}.manifest.v1+json")
    assert (status, json.loads(answer)["errors"][0]["code"]) == (400, "MANIFEST_INVALID")


def test_an_immutable_tag_stays_and_the_same_push_again_is_fine(ecr: Any, registry: Registry, name: str) -> None:
    ecr.put_image_tag_mutability(repositoryName=name, imageTagMutability="IMMUTABLE")
    first, second = image(), image(annotations={"a": "b"})
    assert registry.push_manifest(name, "1", first) == (201, "")
    assert registry.push_manifest(name, "1", first) == (201, "")
    assert registry.push_manifest(name, "1", second) == (400, "TAG_INVALID")
    with pytest.raises(ecr.exceptions.ImageTagAlreadyExistsException):
        ecr.put_image(repositoryName=name, imageManifest=json.dumps(second), imageTag="1")
    with pytest.raises(ecr.exceptions.ImageAlreadyExistsException):
        ecr.put_image(repositoryName=name, imageManifest=json.dumps(first), imageTag="1")
    [found] = ecr.describe_images(repositoryName=name)["imageDetails"]
    assert found["imageDigest"] == manifest_digest(first)


def test_a_mutable_tag_moves(ecr: Any, registry: Registry, name: str) -> None:
    first, second = image(), image(annotations={"a": "b"})
    registry.push_manifest(name, "latest", first)
    registry.push_manifest(name, "latest", second)
    details = {
        detail["imageDigest"]: detail.get("imageTags")
        for detail in ecr.describe_images(repositoryName=name)["imageDetails"]
    }
    assert details == {manifest_digest(first): None, manifest_digest(second): ["latest"]}


@pytest.mark.parametrize(
    ("setting", "filters", "tag", "immutable"),
    [
        ("MUTABLE", [], "1.0", False),
        ("IMMUTABLE", [], "1.0", True),
        ("IMMUTABLE_WITH_EXCLUSION", ["*.sig"], "sha256-1.sig", False),
        ("IMMUTABLE_WITH_EXCLUSION", ["*.sig"], "1.0", True),
        ("MUTABLE_WITH_EXCLUSION", ["release-*"], "release-1", True),
        ("MUTABLE_WITH_EXCLUSION", ["release-*"], "latest", False),
    ],
)
def test_immutability(setting: str, filters: list[str], tag: str, immutable: bool) -> None:
    assert images.is_immutable(setting, filters, tag) == immutable


def test_an_index_holds_its_children(ecr: Any, registry: Registry, name: str) -> None:
    child = image()
    registry.push_manifest(name, manifest_digest(child), child)
    assert registry.push_manifest(name, "multi", index(child)) == (201, "")
    answer = ecr.batch_delete_image(repositoryName=name, imageIds=[{"imageDigest": manifest_digest(child)}])
    assert [failure["failureCode"] for failure in answer["failures"]] == ["ImageReferencedByManifestList"]
    size = {
        detail["imageDigest"]: detail["imageSizeInBytes"]
        for detail in ecr.describe_images(repositoryName=name)["imageDetails"]
    }
    assert size[manifest_digest(index(child))] == size[manifest_digest(child)]


def test_deleting_by_tag_and_by_digest(ecr: Any, registry: Registry, name: str) -> None:
    document = image()
    for tag in ("a", "b"):
        registry.push_manifest(name, tag, document)
    ecr.batch_delete_image(repositoryName=name, imageIds=[{"imageTag": "a"}])
    assert ecr.list_images(repositoryName=name)["imageIds"] == [
        {"imageDigest": manifest_digest(document), "imageTag": "b"}
    ]
    ecr.batch_delete_image(repositoryName=name, imageIds=[{"imageTag": "b"}])
    assert not ecr.list_images(repositoryName=name)["imageIds"]


def test_a_referrer_is_listed_under_its_subject(registry: Registry, name: str) -> None:
    subject = image()
    registry.push_manifest(name, "1", subject)
    signature = image(
        artifactType="application/vnd.example.signature",
        subject=descriptor(subject["mediaType"], json.dumps(subject).encode()),
    )
    assert registry.push_manifest(name, manifest_digest(signature), signature) == (201, "")
    found = json.loads(registry.call("GET", f"/v2/{name}/referrers/{manifest_digest(subject)}")[2])
    assert [manifest["digest"] for manifest in found["manifests"]] == [manifest_digest(signature)]


def test_an_upload_goes_on_where_it_stopped(registry: Registry, name: str) -> None:
    data = b"0123456789" * 100
    location = lowered(registry.call("POST", f"/v2/{name}/blobs/uploads/", b"")[1])["location"]
    status, headers, _ = registry.call("PATCH", location, data[:400], content_range="0-399")
    assert (status, lowered(headers)["range"]) == (202, "0-399")
    assert registry.call("PATCH", location, data[500:], content_range="500-999")[0] == 416
    assert lowered(registry.call("GET", location)[1])["range"] == "0-399"
    registry.call("PATCH", location, data[400:], content_range="400-999")
    assert registry.call("PUT", f"{location}?digest={digest_of(b'another')}")[0] == 400
    assert registry.call("PUT", f"{location}?digest={digest_of(data)}")[0] == 201
    status, headers, part = registry.call("GET", f"/v2/{name}/blobs/{digest_of(data)}", range="bytes=10-19")
    assert (status, part) == (206, data[10:20])
    assert lowered(headers)["content-range"] == "bytes 10-19/1000"


def test_blobs_mount_within_an_account_and_go_with_their_repository(ecr: Any, registry: Registry, name: str) -> None:
    ecr.create_repository(repositoryName="mounted")
    path = f"/v2/mounted/blobs/uploads/?mount={digest_of(LAYER)}&from={name}"
    assert ecr.get_account_setting(name="BLOB_MOUNTING")["value"] == "DISABLED"
    assert registry.call("POST", path, b"")[0] == 202
    ecr.put_account_setting(name="BLOB_MOUNTING", value="ENABLED")
    kms = {"encryptionType": "KMS", "kmsKey": "arn:aws:kms:us-east-1:111111111111:key/1"}
    ecr.create_repository(repositoryName="other-key", encryptionConfiguration=kms)
    assert registry.call("POST", path.replace("mounted", "other-key"), b"")[0] == 202
    assert registry.call("POST", path, b"")[0] == 201
    ecr.put_account_setting(name="BLOB_MOUNTING", value="DISABLED")
    registry.push_manifest(name, "1", image())
    with pytest.raises(ecr.exceptions.RepositoryNotEmptyException):
        ecr.delete_repository(repositoryName=name)
    ecr.delete_repository(repositoryName=name, force=True)
    assert registry.call("HEAD", f"/v2/mounted/blobs/{digest_of(LAYER)}")[0] == 200
    ecr.create_repository(repositoryName=name)
    assert registry.call("HEAD", f"/v2/{name}/blobs/{digest_of(LAYER)}")[0] == 404
    assert not ecr.list_images(repositoryName=name)["imageIds"]


def test_settings_are_kept(ecr: Any) -> None:
    ecr.create_repository(
        repositoryName="settings",
        imageTagMutability="IMMUTABLE_WITH_EXCLUSION",
        imageTagMutabilityExclusionFilters=[{"filterType": "WILDCARD", "filter": "*.sig"}],
        imageScanningConfiguration={"scanOnPush": True},
        encryptionConfiguration={"encryptionType": "KMS", "kmsKey": "arn:aws:kms:us-east-1:111111111111:key/1"},
    )
    [found] = ecr.describe_repositories(repositoryNames=["settings"])["repositories"]
    assert found["repositoryUri"] == "111111111111.dkr.ecr.us-east-1.amazonaws.com/settings"
    assert found["imageTagMutabilityExclusionFilters"] == [{"filterType": "WILDCARD", "filter": "*.sig"}]
    assert found["imageScanningConfiguration"] == {"scanOnPush": True}
    assert found["encryptionConfiguration"]["kmsKey"].endswith("key/1")


def test_exclusion_filters_are_one_repositorys_own(ecr: Any, sandbox: Any) -> None:
    settings = {
        "repositoryName": "own-settings",
        "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
        "imageTagMutabilityExclusionFilters": [{"filterType": "WILDCARD", "filter": "*.sig"}],
    }
    other = sandbox.client("ecr", "prod")
    ecr.create_repository(**settings)
    other.create_repository(repositoryName="own-settings")
    [found] = other.describe_repositories(repositoryNames=["own-settings"])["repositories"]
    assert "imageTagMutabilityExclusionFilters" not in found
    ecr.delete_repository(repositoryName="own-settings")
    ecr.create_repository(repositoryName="own-settings")
    [found] = ecr.describe_repositories(repositoryNames=["own-settings"])["repositories"]
    assert "imageTagMutabilityExclusionFilters" not in found


def test_a_docker_engine_pushes_and_pulls(ecr: Any, registry: Registry, tmp_path: Path) -> None:
    ecr.create_repository(repositoryName="engine", imageTagMutability="IMMUTABLE")
    host = registry.endpoint.removeprefix("http://")
    reference = f"{host}/engine:1.0.0"
    password = base64.b64decode(registry.token).decode().partition(":")[2]
    (tmp_path / "Dockerfile").write_text('FROM scratch\nLABEL test="1"\nCOPY Dockerfile /\n')

    def docker(*arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["docker", "--config", str(tmp_path), *arguments],
            input=text,
            capture_output=True,
            text=True,
            check=False,
            env={"PATH": "/usr/local/bin:/usr/bin:/bin", "DOCKER_BUILDKIT": "0"},
            timeout=120,
        )

    try:
        assert docker("login", "--username", "AWS", "--password-stdin", host, text="wrong").returncode != 0
        login = docker("login", "--username", "AWS", "--password-stdin", host, text=password)
        assert login.returncode == 0, login.stderr
        build = docker("build", "-t", reference, str(tmp_path))
        assert build.returncode == 0, build.stderr
        push = docker("push", reference)
        assert push.returncode == 0, push.stderr
        digest = ecr.describe_images(repositoryName="engine")["imageDetails"][0]["imageDigest"]
        docker("rmi", reference)
        pull = docker("pull", f"{host}/engine@{digest}")
        assert pull.returncode == 0, pull.stderr
        build = docker("build", "-t", reference, "--label", "test=2", str(tmp_path))
        assert build.returncode == 0, build.stderr
        again = docker("push", reference)
        assert again.returncode != 0
        assert "cannot be overwritten" in again.stderr
    finally:
        for image_id in docker("images", "-q", f"{host}/engine").stdout.split():
            docker("rmi", "-f", image_id)


def test_manifest_types() -> None:
    parsed = manifests.parse(json.dumps(index(image())).encode())
    assert (parsed.blobs, parsed.children) == ((), (manifest_digest(image()),))
    with pytest.raises(manifests.InvalidManifestError, match="unsupported"):
        manifests.parse(b"{}", "application/vnd.docker.distribution.manifest.v1+json")
