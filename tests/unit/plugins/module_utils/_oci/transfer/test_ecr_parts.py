# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A layer that goes to ECR in parts: where it goes on after a refusal, and after a run that ended."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._aws.api import ApiRefusedError
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.model import Transferred
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.transfer.blobs import OciTransfer, TransferSettings
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.transfer.state import UploadStates

from tests.registries.sides import Waits, descriptor
from tests.unit.plugins.module_utils._oci.case import BLOBS, MIB, nothing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unit.plugins.module_utils._oci.case import World


class AnswerError(Exception):
    """botocore's error, as far as it is looked at."""

    def __init__(self, **response: Any) -> None:
        super().__init__()
        self.response = response


class Layers:
    """ECR's layer uploads in memory; ``refusals`` are raised by the next parts."""

    parts_from_bytes = 2 * MIB

    def __init__(self) -> None:
        self.uploads: dict[str, bytearray] = {}
        self.kept: dict[str, bytes] = {}
        self.firsts: list[int] = []
        self.refusals: dict[int, ApiRefusedError] = {}

    @contextmanager
    def buffer(self) -> Iterator[bytearray]:
        yield bytearray(MIB)

    def initiate(self, _repository: str) -> str:
        name = f"u{len(self.uploads)}"
        self.uploads[name] = bytearray()
        return name

    def upload_part(self, _repository: str, upload: str, first: int, part: memoryview) -> None:
        self.firsts.append(first)
        if refusal := self.refusals.pop(len(self.firsts), None):
            raise refusal
        del self.uploads[upload][first:]
        assert len(self.uploads[upload]) == first
        self.uploads[upload] += part

    def complete(self, _repository: str, upload: str, digest: str) -> None:
        self.kept[digest] = bytes(self.uploads[upload])


def refused(code: str, **response: Any) -> ApiRefusedError:
    error = ApiRefusedError(f"ECR refused ({code})", code)
    error.__cause__ = AnswerError(**response)
    return error


def copy(world: World, layers: Layers, blob: Any) -> Transferred:
    pair = [world.sides.connect(registry).registry.http for registry in (world.source, world.destination)]
    states = UploadStates(world.folder, world.warnings.append, Waits())
    made = OciTransfer(*pair, states, TransferSettings(chunk_bytes=MIB), layers=layers)  # type: ignore[arg-type]
    return made.copy_blob("a/b", descriptor(blob), "c/d", nothing)


def test_a_layer_arrives_part_by_part(world: World) -> None:
    layers, blob = Layers(), world.hold(3 * MIB + 5)
    assert copy(world, layers, blob) == Transferred(3 * MIB + 5)
    assert layers.kept == {blob.digest: b"".join(blob.pieces())}
    assert layers.firsts == [0, MIB, 2 * MIB, 3 * MIB]
    assert world.state_files == []
    assert world.destination.requests == []


def test_a_smaller_layer_goes_the_way_of_other_registries(world: World) -> None:
    layers, blob = Layers(), world.hold(2 * MIB - 1)
    copy(world, layers, blob)
    assert world.has(blob)
    assert layers.uploads == {}


@pytest.mark.parametrize(
    ("refusal", "firsts"),
    [
        (refused("InvalidLayerPartException", lastValidByteReceived=MIB - 1), [0, MIB, MIB, 2 * MIB]),
        (refused("InvalidLayerPartException"), [0, MIB, 0, MIB, 2 * MIB]),
        (refused("InvalidLayerPartException", lastValidByteReceived=10**12), [0, MIB, 0, MIB, 2 * MIB]),
        (refused("UploadNotFoundException"), [0, MIB, 0, MIB, 2 * MIB]),
    ],
)
def test_a_part_that_is_refused_goes_on_where_ecr_says(
    world: World, refusal: ApiRefusedError, firsts: list[int]
) -> None:
    layers, blob = Layers(), world.hold(3 * MIB)
    layers.refusals = {2: refusal}
    copy(world, layers, blob)
    assert layers.kept == {blob.digest: b"".join(blob.pieces())}
    assert layers.firsts == firsts


def test_an_upload_that_is_always_lost_is_given_up(world: World) -> None:
    layers = Layers()
    layers.refusals = {number: refused("UploadNotFoundException") for number in range(1, 100)}
    with pytest.raises(ApiRefusedError, match="UploadNotFoundException"):
        copy(world, layers, world.hold(3 * MIB))
    assert len(layers.firsts) == 5


def test_a_run_that_ended_is_taken_up_by_the_next(world: World) -> None:
    layers, blob = Layers(), world.hold(3 * MIB)
    layers.refusals = {3: refused("AccessDeniedException")}
    with pytest.raises(ApiRefusedError):
        copy(world, layers, blob)
    assert copy(world, layers, blob) == Transferred(MIB, 2 * MIB)
    assert layers.kept == {blob.digest: b"".join(blob.pieces())}


def test_an_ecr_that_names_the_same_byte_for_ever_is_given_up(world: World) -> None:
    layers = Layers()
    # Every second part is refused, and the first byte is always the one that is wanted.
    layers.refusals = {
        number: refused("InvalidLayerPartException", lastValidByteReceived=-1) for number in range(2, 100, 2)
    }
    with pytest.raises(ApiRefusedError):
        copy(world, layers, world.hold(3 * MIB))
    assert len(layers.firsts) <= 12


def test_wrong_bytes_are_never_completed(world: World) -> None:
    layers, blob = Layers(), world.hold(3 * MIB)
    wrong = bytearray(b"".join(blob.pieces()))
    wrong[-1] ^= 1
    world.source.fault("GET", BLOBS, answer_body=bytes(wrong), times=None)
    with pytest.raises(OperationError, match="other bytes than its manifest names"):
        copy(world, layers, blob)
    assert layers.kept == {}
    assert world.state_files == []
