# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""ECR's own way of taking layers, in parts.

AWS documents of it what it does not of ECR's uploads through the distribution API: each answer says the last byte
received, and a part that does not fit is refused with the last valid one. So an upload can always be taken up again.
It has a price: boto3 sends a part as base64 in JSON, which takes a third more bytes on the wire and about seven times
the part's size in memory while it is sent. Hence only layers of `PARTS_FROM_BYTES` and more go this way, where an
interruption would cost most, in the smallest parts ECR takes, and `AT_ONCE` at a time: at most 2 x 7 x 5 MiB.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from .._errors import UnavailableError
from .aws_api import ApiRefusedError, AwsClient
from .oci_copy import Copied
from .oci_source import wrong_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from .oci_copy import CopyJob
    from .oci_upload_state import Claim, UploadStates

PARTS_FROM_BYTES = 256 << 20
PART_BYTES = 5 << 20
AT_ONCE = 2
_FAILURES = 4
_SCHEME = "ecr-layer-upload:"


class EcrLayers(AwsClient):
    """The layer uploads of one account's registry."""

    label = "ECR"

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
        self.turn = threading.BoundedSemaphore(AT_ONCE)

    def initiate(self, repository: str) -> str:
        """The id of a new upload."""
        answer = self._call(f"begin a layer upload to {repository}", "initiate_layer_upload", **self._of(repository))
        return str(answer["uploadId"])

    def upload_part(self, repository: str, upload: str, first: int, part: bytes | bytearray) -> int:
        """Send a part that begins at byte *first*. Returns how many bytes ECR has of the layer now."""
        answer = self._call(
            f"upload a layer part to {repository}",
            "upload_layer_part",
            **self._of(repository),
            uploadId=upload,
            partFirstByte=first,
            partLastByte=first + len(part) - 1,
            layerPartBlob=part,
        )
        return int(answer["lastByteReceived"]) + 1

    def complete(self, repository: str, upload: str, digest: str) -> None:
        """Let ECR check the digest and keep the layer; one that it has by now is as good."""
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


class PartsCopy:
    """A layer that goes to ECR in parts."""

    def __init__(self, job: CopyJob, states: UploadStates, layers: EcrLayers) -> None:
        self._job, self._layers = job, layers
        self._digest, self._size = job.descriptor.digest, job.descriptor.size
        self._claim: Claim = states.claim(str(job.destination.origin), job.repository, self._digest, self._size)
        self._upload, self._offset, self._resumed_at, self._failures = "", 0, 0, 0

    def run(self) -> Copied:
        """Copy it."""
        try:
            with self._layers.turn:
                self._take_up()
                self._until_done()
            self._claim.drop()
        finally:
            self._job.source.close()
            self._claim.release()
        return Copied(self._job.bytes_sent, self._resumed_at)

    def _take_up(self) -> None:
        saved = self._claim.read()
        if saved is None:
            return
        if not saved.url.startswith(_SCHEME):
            self._claim.drop()
            return
        self._upload, self._offset = saved.url.removeprefix(_SCHEME), saved.offset
        self._resumed_at = saved.offset
        self._job.tell(saved.offset)

    def _until_done(self) -> None:
        part = bytearray(self._layers.part_bytes)
        while True:
            try:
                self._send_rest(part)
                self._layers.complete(self._job.repository, self._upload, self._digest)
            except ApiRefusedError as error:
                if not self._goes_on_after(error):
                    raise
            else:
                return

    def _send_rest(self, part: bytearray) -> None:
        job = self._job
        if not self._upload:
            job.source.begin()
            self._upload = self._layers.initiate(job.repository)
        if job.source.position != self._offset:
            job.source.begin(self._offset)
        while self._offset < self._size:
            filled = self._fill(part)
            content = part if filled == len(part) else part[:filled]
            received = self._layers.upload_part(job.repository, self._upload, self._offset, content)
            job.bytes_sent += filled
            if received != self._offset + filled:
                raise UnavailableError(
                    f"Tried to {job.attempted}, but ECR says it has {received} bytes of the {self._offset + filled} "
                    "that were sent. Run again."
                )
            self._offset, self._failures = received, 0
            job.tell(received)
            self._claim.save(f"{_SCHEME}{self._upload}", self._offset)

    def _fill(self, part: bytearray) -> int:
        view, filled = memoryview(part), 0
        wanted = min(len(part), self._size - self._offset)
        while filled < wanted:
            filled += self._job.source.readinto(view[filled:wanted])
        if self._job.source.position == self._size and self._job.source.matches() is False:
            self._claim.drop()
            raise wrong_bytes(self._job.attempted, self._job.source.host, f"their digest is not {self._digest}")
        return filled

    def _goes_on_after(self, error: ApiRefusedError) -> bool:
        """Whether another attempt may help: from the byte that ECR names, or from the first one."""
        self._failures += 1
        if self._failures > _FAILURES:
            return False
        if error.code == "InvalidLayerPartException":
            last = getattr(error.__cause__, "response", {}).get("lastValidByteReceived")
            if isinstance(last, int) and -1 <= last < self._size:
                self._offset = last + 1
                return True
        elif error.code not in {"UploadNotFoundException", "InvalidLayerException", "EmptyUploadException"}:
            return False
        self._upload, self._offset, self._resumed_at = "", 0, 0
        self._claim.drop()
        return True
