"""The body of a layer part, encoded on the way."""

from __future__ import annotations

import base64
import io
import json

from ansible_collections.fastbreak.aws.plugins.module_utils._oci.transfer.ecr_part_body import PartBody
from hypothesis import given
from hypothesis import strategies as st


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
