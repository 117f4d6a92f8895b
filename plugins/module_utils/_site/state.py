# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands: the bucket and the records, read before anything is planned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._errors import OperationError
from .parallel import in_parallel
from .plan import State
from .values import Manifest, manifest_key, read_manifest

if TYPE_CHECKING:
    from .session import Session


def read_state(session: Session) -> State:
    """All of it. Lists of files that the bucket no longer holds are of versions that are forgotten."""
    ports = session.ports
    history = ports.releases.history(session.request.site)
    listing = ports.bucket.list_objects()
    digests = sorted({release.manifest for release in history if manifest_key(release.manifest) in listing})
    manifests = in_parallel(lambda digest: _manifest(session, digest), digests, session.request.concurrency)
    return State(listing, history, dict(zip(digests, manifests, strict=True)))


def _manifest(session: Session, digest: str) -> Manifest:
    """The list of files with this digest. Raises OperationError when what lies there is another."""
    key = manifest_key(digest)
    try:
        found = read_manifest(session.ports.bucket.read_text(key))
        if found.digest != digest:
            raise ValueError("its content is another than its name says")  # noqa: TRY301 - told as what it is
    except ValueError as error:
        bucket = session.request.bucket
        raise OperationError(
            f"{session.doing}: the list of a version's files in the bucket cannot be read: {key}: {error}. Nothing "
            "was changed. Restore the object's version of before (aws s3api list-object-versions --bucket "
            f"{bucket} --prefix {key}), or delete it: that version can then not be gone back to."
        ) from error
    return found
