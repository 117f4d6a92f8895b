# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ECR's layer uploads through boto3. A part is encoded while it is signed and sent.

boto3 would hold a part about ten times: as base64, as text, as JSON, as bytes again (measured: 50 MiB for a part of 5).
It takes a file in place of a body, however, signs it by reading it through, and reads it once more to send it.
"""

from __future__ import annotations

import base64
import io
import json
import queue
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from ..._aws.api import ApiRefusedError, AwsClient
from ..._aws.deadline import stop_when_abandoned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

PARTS_FROM_BYTES = 256 << 20
PART_BYTES = 5 << 20
AT_ONCE = 2
_EVENT = "before-call.ecr.UploadLayerPart"
_MEMBER = "layerPartBlob"
_PIECE_BYTES = 48 << 10


class EcrLayers(AwsClient):
    """The layer uploads of one account's registry."""

    label = "ECR"
    # A part on a slow line takes its time.
    seconds = 1800.0

    def __init__(
        self,
        connect: Callable[[], Any],
        account: str,
        *,
        part_bytes: int = PART_BYTES,
        parts_from_bytes: int = PARTS_FROM_BYTES,
    ) -> None:
        super().__init__(connect)
        self._account = account
        self.part_bytes, self.parts_from_bytes = part_bytes, parts_from_bytes
        self._sender = PartSender()
        self._buffers: queue.SimpleQueue[bytearray | None] = queue.SimpleQueue()
        for _number in range(AT_ONCE):
            self._buffers.put(None)

    @contextmanager
    def buffer(self) -> Iterator[bytearray]:
        """A buffer for parts. There are `AT_ONCE`: who comes later waits for his turn."""
        kept = self._buffers.get() or bytearray(self.part_bytes)
        try:
            yield kept
        finally:
            self._buffers.put(kept)

    def initiate(self, repository: str) -> str:
        """The id of a new upload."""
        answer = self._call(f"begin a layer upload to {repository}", "initiate_layer_upload", **self._of(repository))
        return str(answer["uploadId"])

    def upload_part(self, repository: str, upload: str, first: int, part: memoryview) -> None:
        """Send a part that begins at byte *first*. Of its last byte ECR tells, but the digest at the end decides."""
        last = first + len(part) - 1
        members = {**self._of(repository), "uploadId": upload, "partFirstByte": first, "partLastByte": last}
        self._sender.prepare(self._client, members, part)
        try:
            attempted = f"upload a layer part to {repository}"
            self._call(attempted, "upload_layer_part", **members, layerPartBlob=b"")
        finally:
            self._sender.forget()

    def complete(self, repository: str, upload: str, digest: str) -> None:
        """Let ECR check the digest and keep the layer. It may have the layer by now, which is as good."""
        try:
            self._call(
                f"complete the layer upload of {digest} to {repository}",
                "complete_layer_upload",
                **self._of(repository),
                uploadId=upload,
                layerDigests=[digest],
            )
        except ApiRefusedError as error:
            if error.code != "LayerAlreadyExistsException":
                raise

    def _of(self, repository: str) -> dict[str, str]:
        return {"registryId": self._account, "repositoryName": repository}


class PartBody(io.RawIOBase):
    """JSON with *part* in base64 as its last member. Holds no more of it than is asked for at a time."""

    def __init__(self, members: Mapping[str, Any], part: memoryview) -> None:
        super().__init__()
        text = json.dumps(dict(members), separators=(",", ":"))
        self._head = f'{text[:-1]}{"," if members else ""}"{_MEMBER}":"'.encode()
        self._part, self._tail = part, b'"}'
        self._encoded = 4 * -(-len(part) // 3)
        self._position = 0

    def __len__(self) -> int:
        return len(self._head) + self._encoded + len(self._tail)

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is: a call that is tried again starts over."""
        return True

    def tell(self) -> int:
        """Where the next byte is."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a byte."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: len(self)}[whence]
        self._position = max(0, base + offset)
        return self._position

    def read(self, size: int = -1) -> bytes:
        """The next bytes: at most *size*, and unless all are asked for, at most 48 KiB."""
        # The part's buffer may hold another one once this call was given up.
        stop_when_abandoned()
        size = min(size, _PIECE_BYTES) if size is not None else -1
        end = len(self) if size is None or size < 0 else min(self._position + size, len(self))
        pieces = []
        while self._position < end:
            piece = self._piece(self._position, end)
            pieces.append(piece)
            self._position += len(piece)
        return b"".join(pieces)

    def _piece(self, start: int, end: int) -> bytes:
        head, body_end = len(self._head), len(self._head) + self._encoded
        if start < head:
            return self._head[start:end]
        if start >= body_end:
            return self._tail[start - body_end : end - body_end]
        first, last = (start - head) // 4, -(-(min(end, body_end) - head) // 4)
        encoded = base64.b64encode(self._part[first * 3 : last * 3])
        skipped = start - head - first * 4
        return encoded[skipped : skipped + min(end, body_end) - start]


class PartSender:
    """Calls UploadLayerPart with a `PartBody`. Safe to use from many threads."""

    def __init__(self) -> None:
        self._body: ContextVar[PartBody | None] = ContextVar("body", default=None)

    def prepare(self, client: Any, members: Mapping[str, Any], part: memoryview) -> None:
        """Let the next call of this thread send *part*."""
        self._body.set(PartBody(members, part))
        # An id of our own keeps the handler from being added at every part.
        client.meta.events.register(_EVENT, self._put_in_place, unique_id=f"fastbreak-part-body-{id(self)}")

    def forget(self) -> None:
        """Let go of the part."""
        self._body.set(None)

    def _put_in_place(self, params: dict[str, Any], **_others: Any) -> None:
        body = self._body.get()
        if body is not None:
            params["body"] = body
