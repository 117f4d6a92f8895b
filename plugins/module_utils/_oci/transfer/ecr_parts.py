# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ECR's own way of taking layers, in parts.

AWS documents of it what it does not of ECR's uploads through the distribution API: a part that does not fit is refused
with the last valid byte. So an upload can always be taken up again.
It has a price: a part is sent as base64 in JSON, which takes a third more bytes on the wire. Hence only layers of
`PARTS_FROM_BYTES` and more go this way, where an interruption would cost most. Memory: one part for each of the
`AT_ONCE` layers that are under way, see `ecr_layers.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._aws.api import ApiRefusedError
from ..model import Transferred
from .source import wrong_bytes

if TYPE_CHECKING:
    from .ecr_layers import EcrLayers
    from .job import CopyJob
    from .state import Claim

_FAILURES = 4
_SCHEME = "ecr-layer-upload:"


class PartsCopy:
    """A layer that goes to ECR in parts."""

    def __init__(self, job: CopyJob, claim: Claim, layers: EcrLayers) -> None:
        self._job, self._claim, self._layers = job, claim, layers
        self._digest, self._size = job.descriptor.digest, job.descriptor.size
        self._upload, self._offset, self._resumed_at, self._failures = "", 0, 0, 0
        self._sent_to = self._furthest = 0

    def run(self) -> Transferred:
        """Copy it."""
        with self._layers.buffer() as part:
            self._take_up()
            self._until_done(part)
        return Transferred(self._job.bytes_sent, self._resumed_at)

    def _take_up(self) -> None:
        saved = self._claim.read()
        if saved is None:
            return
        if not saved.url.startswith(_SCHEME):
            self._claim.drop()
            return
        self._upload, self._offset = saved.url.removeprefix(_SCHEME), saved.offset
        self._resumed_at = saved.offset
        # The run before may have sent more than it could note.
        self._sent_to = self._size
        self._job.tell(saved.offset)

    def _until_done(self, part: bytearray) -> None:
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
            content = memoryview(part)[:filled]
            self._sent_to = max(self._sent_to, self._offset + filled)
            self._layers.upload_part(job.repository, self._upload, self._offset, content)
            job.count(filled)
            self._offset += filled
            if self._offset > self._furthest:
                self._furthest, self._failures = self._offset, 0
            job.tell(self._offset)
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
        """Whether another attempt may help: from the byte that ECR names, or from the first."""
        self._failures += 1
        if self._failures > _FAILURES:
            return False
        if error.code == "InvalidLayerPartException":
            last = getattr(error.__cause__, "response", {}).get("lastValidByteReceived")
            # What was never sent it cannot have.
            if isinstance(last, int) and -1 <= last < self._sent_to:
                self._offset = last + 1
                return True
        elif error.code not in {"UploadNotFoundException", "InvalidLayerException", "EmptyUploadException"}:
            return False
        self._upload, self._offset, self._resumed_at, self._sent_to = "", 0, 0, 0
        self._claim.drop()
        return True
