# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""ECR's layer uploads, and the body of a part, which is encoded on the way."""

from __future__ import annotations

import base64
import io
import json
from contextlib import ExitStack
from typing import TYPE_CHECKING

import boto3
import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._aws.api import ApiRefusedError
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.transfer.ecr_layers import AT_ONCE, EcrLayers, PartBody
from botocore.stub import Stubber
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterator


@given(st.binary(max_size=300), st.lists(st.integers(0, 50), max_size=30))
def test_it_reads_as_the_json_that_boto3_would_send(part: bytes, steps: list[int]) -> None:
    body = PartBody({"uploadId": "x", "partFirstByte": 5}, memoryview(part))
    whole = body.read()
    assert len(whole) == len(body)
    document = json.loads(whole)
    assert document == {"uploadId": "x", "partFirstByte": 5, "layerPartBlob": base64.b64encode(part).decode()}
    body.seek(0)
    pieces = b"".join(body.read(step) for step in steps)
    assert whole.startswith(pieces)
    assert pieces + body.read(-1) == whole
    assert body.read(10) == b""


@given(st.binary(max_size=50), st.integers(0, 200))
def test_it_can_be_read_from_anywhere(part: bytes, start: int) -> None:
    body = PartBody({}, memoryview(part))
    whole = body.read()
    assert body.seek(start) == start
    assert body.read() == whole[start:]
    assert body.seek(0, io.SEEK_END) == len(whole)
    assert body.tell() == len(whole)


REGISTRY = {"registryId": "111111111111", "repositoryName": "web"}
DIGEST = "sha256:" + "a" * 64


@pytest.fixture
def stub() -> Iterator[Stubber]:
    client = boto3.client("ecr", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(client) as made:
        yield made
        made.assert_no_pending_responses()
    client.close()


def layers(stub: Stubber) -> EcrLayers:
    return EcrLayers(lambda: stub.client, "111111111111", part_bytes=10)


def test_a_part_is_sent_from_its_first_byte_on(stub: Stubber) -> None:
    made = layers(stub)
    stub.add_response("initiate_layer_upload", {"uploadId": "u"}, REGISTRY)
    part = {"uploadId": "u", "partFirstByte": 20, "partLastByte": 22}
    stub.add_response("upload_layer_part", {"lastByteReceived": 22}, {**REGISTRY, **part, "layerPartBlob": b""})
    assert made.initiate("web") == "u"
    made.upload_part("web", "u", 20, memoryview(b"abc"))


@pytest.mark.parametrize("code", ["", "LayerAlreadyExistsException", "InvalidLayerException"])
def test_a_layer_that_is_there_by_now_is_complete(stub: Stubber, code: str) -> None:
    asked = {**REGISTRY, "uploadId": "u", "layerDigests": [DIGEST]}
    if not code:
        stub.add_response("complete_layer_upload", {"layerDigest": DIGEST}, asked)
    else:
        stub.add_client_error("complete_layer_upload", code, expected_params=asked)
    if code == "InvalidLayerException":
        with pytest.raises(ApiRefusedError, match=f"complete the layer upload of {DIGEST}"):
            layers(stub).complete("web", "u", DIGEST)
    else:
        layers(stub).complete("web", "u", DIGEST)


def test_buffers_are_used_again(stub: Stubber) -> None:
    made = layers(stub)
    with ExitStack() as stack:
        first = [stack.enter_context(made.buffer()) for _number in range(AT_ONCE)]
    with ExitStack() as stack:
        second = [stack.enter_context(made.buffer()) for _number in range(AT_ONCE)]
    assert {id(buffer) for buffer in second} == {id(buffer) for buffer in first}
    assert {len(buffer) for buffer in first} == {10}
