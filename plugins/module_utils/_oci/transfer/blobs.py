# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies blobs from one registry to another: streamed, in constant memory, hashed on the way.

A blob of up to one chunk takes three requests, two of which are under way at the same time: GET at the source, POST
and PUT at the destination. A larger blob is sent in chunks (PATCH), so that neither a broken connection nor a killed
run costs more than the chunk it fell into. A registry that takes less in one request gets smaller chunks from then on.

Memory: one buffer of `BUFFER_BYTES` for each thread that copies, and what its two connections hold.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..._errors import OperationError
from ..names import check_digest, check_repository
from .chunk_size import ChunkSize, half
from .chunks import ChunkedCopy, SingleCopy
from .ecr_parts import PartsCopy
from .job import CopyJob, TooLargeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..model import Descriptor, Transferred
    from ..remote.http import RegistryHttp
    from .ecr_layers import EcrLayers
    from .state import UploadStates

BUFFER_BYTES = 256 << 10
CHUNK_BYTES = 32 << 20


@dataclass(frozen=True, slots=True)
class TransferSettings:
    """``chunk_bytes`` is how much is sent before it is acknowledged; at least 64 KiB."""

    chunk_bytes: int = CHUNK_BYTES
    buffer_bytes: int = BUFFER_BYTES


class OciTransfer:
    """A `BlobTransfer` between two registries. Safe to use from many threads: each has a buffer of its own."""

    def __init__(
        self,
        source: RegistryHttp,
        destination: RegistryHttp,
        states: UploadStates,
        settings: TransferSettings | None = None,
        *,
        layers: EcrLayers | None = None,
    ) -> None:
        self._source, self._destination, self._states = source, destination, states
        self._settings = settings or TransferSettings()
        self._size = ChunkSize(self._settings.chunk_bytes)
        self._layers = layers
        self._buffers = threading.local()

    def copy_blob(
        self,
        source_repository: str,
        descriptor: Descriptor,
        destination_repository: str,
        on_bytes: Callable[[int], None],
    ) -> Transferred:
        """Stream one blob, checking size and digest on the way; an upload that was interrupted is taken up again.

        Where a killed run's upload is taken up, the bytes before that were hashed by the killed run alone, and a
        hash's state cannot be kept: the destination's own check of the whole blob at the commit is the proof then.
        Raises `OperationError` when the source's bytes are not those of the descriptor; nothing is committed then.
        """
        check_repository(source_repository)
        check_repository(destination_repository)
        check_digest(descriptor.digest)
        if descriptor.size < 0:
            raise OperationError(
                f"Tried to copy the blob {descriptor.digest}, but its manifest gives it {descriptor.size} bytes. Push "
                "the image to the source again."
            )
        job = CopyJob(
            self._source,
            self._destination,
            source_repository,
            destination_repository,
            descriptor,
            on_bytes,
            self._buffer(),
        )
        if descriptor.size <= self._size.bytes:
            try:
                return SingleCopy(job, self._size).run()
            except TooLargeError as error:
                if not (smaller := half(descriptor.size)):
                    raise job.too_large(error) from error
                with job.claimed(self._states) as claim:
                    return ChunkedCopy(job, claim, self._size, smaller).run()
        with job.claimed(self._states) as claim:
            if self._layers and descriptor.size >= self._layers.parts_from_bytes:
                return PartsCopy(job, claim, self._layers).run()
            return ChunkedCopy(job, claim, self._size).run()

    def _buffer(self) -> memoryview:
        kept: memoryview | None = getattr(self._buffers, "view", None)
        if kept is None:
            kept = self._buffers.view = memoryview(bytearray(self._settings.buffer_bytes))
        return kept
