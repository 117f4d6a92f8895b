# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which platforms an image of ECR is built for."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.adapters.image_platforms import ImagePlatforms
from botocore.stub import Stubber

if TYPE_CHECKING:
    from collections.abc import Iterator

DIGEST = "sha256:" + "a" * 64
INDEX = {
    "manifests": [
        {"platform": {"os": "linux", "architecture": "arm64", "variant": "v8"}},
        {"platform": {"os": "unknown", "architecture": "unknown"}},
        {"digest": DIGEST},
    ]
}


@pytest.fixture
def api() -> Iterator[tuple[ImagePlatforms, Stubber]]:
    client = boto3.client("ecr", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(client) as stub:
        yield ImagePlatforms(lambda: client, "111111111111"), stub
        stub.assert_no_pending_responses()


def answer_manifest(stub: Stubber, manifest: Any) -> None:
    stub.add_response("batch_get_image", {"images": [{"imageManifest": json.dumps(manifest)}]})


def test_index_names_its_platforms(api: tuple[ImagePlatforms, Stubber]) -> None:
    platforms, stub = api
    answer_manifest(stub, INDEX)
    assert platforms.image_platforms("app", DIGEST) == {"linux/arm64"}


@pytest.mark.parametrize("manifest", [[], {}, {"manifests": 1}, {"config": None}, None])
def test_what_cannot_be_read_says_nothing(api: tuple[ImagePlatforms, Stubber], manifest: Any) -> None:
    platforms, stub = api
    answer_manifest(stub, manifest)
    assert platforms.image_platforms("app", DIGEST) == frozenset()


class Configuration(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        found = self.path == "/config?signed=1"
        self.send_response(200 if found else 404)
        self.end_headers()
        self.wfile.write(b'{"os": "linux", "architecture": "amd64", "config": {"Labels": {"a": "1"}}}')

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""


@pytest.mark.parametrize(("path", "found"), [("config?signed=1", {"linux/amd64"}), ("gone?signed=1", set())])
def test_single_image_is_told_by_its_configuration(
    api: tuple[ImagePlatforms, Stubber], path: str, found: set[str]
) -> None:
    platforms, stub = api
    server = HTTPServer(("127.0.0.1", 0), Configuration)
    thread = threading.Thread(target=server.handle_request)
    thread.start()
    answer_manifest(stub, {"config": {"digest": DIGEST}})
    stub.add_response("get_download_url_for_layer", {"downloadUrl": f"http://127.0.0.1:{server.server_port}/{path}"})
    assert platforms.image_platforms("app", DIGEST) == found
    thread.join()
    server.server_close()


@pytest.mark.parametrize("manifest", [[], {}, {"manifests": [{"platform": None}]}, {"config": {}}, None])
def test_labels_that_cannot_be_read_are_none(api: tuple[ImagePlatforms, Stubber], manifest: Any) -> None:
    platforms, stub = api
    answer_manifest(stub, manifest)
    assert platforms.image_labels("app", DIGEST) == {}


def test_labels_of_an_index_are_those_of_its_first_image(api: tuple[ImagePlatforms, Stubber]) -> None:
    platforms, stub = api
    server = HTTPServer(("127.0.0.1", 0), Configuration)
    thread = threading.Thread(target=server.handle_request)
    thread.start()
    attestation = {"platform": {"os": "unknown", "architecture": "unknown"}, "digest": "sha256:" + "b" * 64}
    image = {"platform": {"os": "linux", "architecture": "amd64"}, "digest": DIGEST}
    answer_manifest(stub, {"manifests": [attestation, image]})
    answer_manifest(stub, {"config": {"digest": DIGEST}})
    url = f"http://127.0.0.1:{server.server_port}/config?signed=1"
    stub.add_response("get_download_url_for_layer", {"downloadUrl": url})
    assert platforms.image_labels("app", DIGEST) == {"a": "1"}
    thread.join()
    server.server_close()
