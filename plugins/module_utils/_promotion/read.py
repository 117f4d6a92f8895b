# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading the source: an image's manifests from its root down. Writes nothing.

Each request buys something:

* GET of the root, by tag when there is a tag: the identity of what is promoted, and what it names.
* GET of an index in an index: what it names, for attachments may hang on anything below it.
* GET of a child that is no index: its blobs. Only when the destination does not hold the same bytes (see `state`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from .._common.amount import amount
from .._errors import RefusedError
from .._oci.media_types import INDEX_TYPES
from .._oci.names import Address
from .._oci.parse import parse_manifest
from .._oci.platforms import with_platforms
from .values import ImageRequest, SourceImage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .._oci.model import Descriptor, Manifest
    from .session import Session

DEPTH_LIMIT = 8


@dataclass(slots=True)
class Library:
    """The source's manifests that were read, each once."""

    held: dict[Address, Manifest] = field(default_factory=dict)

    def put(self, repository: str, manifest: Manifest) -> None:
        """Keep *manifest*."""
        self.held[Address(repository, manifest.digest)] = manifest

    def closure(self, repository: str, root: Manifest) -> tuple[Manifest, ...]:
        """*root* and what it names as far as it was read, each manifest once and after those that it names."""
        found: dict[str, Manifest] = {}
        self._visit(repository, root, (), found)
        return tuple(found.values())

    def _visit(self, repository: str, manifest: Manifest, above: tuple[str, ...], found: dict[str, Manifest]) -> None:
        if manifest.digest in above:
            raise RefusedError(
                f"Index {manifest.digest} of {repository} contains itself, by way of {amount(len(above), 'other')}. "
                "Nothing was written. Push the image again."
            )
        if len(above) >= DEPTH_LIMIT:
            raise RefusedError(
                f"The index {above[0]} of {repository} has indexes in it more than {DEPTH_LIMIT} deep. Nothing was "
                "written. Push it with fewer levels."
            )
        if manifest.digest in found:
            return
        for child in manifest.children:
            held = self.held.get(Address(repository, child.digest))
            if held:
                self._visit(repository, held, (*above, manifest.digest), found)
        found[manifest.digest] = manifest


def read_roots(session: Session) -> tuple[SourceImage, ...]:
    """The root of every image. Raises RefusedError when it is not there, or not what was asked for."""
    return tuple(session.each(lambda request: _read_root(session, request), session.request.images))


def _read_root(session: Session, request: ImageRequest) -> SourceImage:
    source = session.ports.source
    address = Address(request.repository, request.tag or request.digest)
    where = f"{source.host}/{address}"
    root = session.read(source, address)
    if root is None:
        raise RefusedError(
            f"Promoting {where} was refused: the source has no such image. Nothing was changed. Look which tags "
            f"repository {request.repository} has, and that this is the registry meant.",
            repository=request.repository,
            reference=address.reference,
        )
    if request.digest and root.digest != request.digest:
        raise RefusedError(
            f"Promoting {where} was refused: the tag names {root.digest}, but {request.digest} was asked for. Nothing "
            "was changed. Name the digest alone if that is meant; otherwise find out who moved the tag.",
            seen=root.digest,
            expected=request.digest,
        )
    image = SourceImage(request, root, (root,))
    return _chosen(session, image) if request.platforms else image


def _chosen(session: Session, image: SourceImage) -> SourceImage:
    raw = with_platforms(image.root, image.request.platforms)
    if raw is None:
        return image
    if not session.request.allow_digest_change:
        raise RefusedError(
            f"Promoting {image.digest} for {', '.join(image.request.platforms)} only was refused: an index without its "
            f"other platforms is another image, with the digest {raw.digest}, and signatures of the whole no longer "
            "hold for it. Nothing was changed. Promote all platforms, or set allow_digest_change.",
            digest=image.digest,
            new_digest=raw.digest,
        )
    root = parse_manifest(raw)
    warning = (
        f"{image.digest} is promoted with the platforms {', '.join(image.request.platforms)} only, which makes it "
        f"{root.digest}; what belongs to the whole index stays behind"
    )
    return replace(image, root=root, manifests=(root,), rewritten_from=image.digest, warnings=(warning,))


def read_below(session: Session, library: Library, images: Iterable[SourceImage], *, deep: bool) -> None:
    """Read into *library* what the images name: indexes only, or with *deep* everything."""
    wanted = []
    for image in images:
        library.put(image.request.repository, image.root)
        wanted += [(image.request.repository, image.root)]
    read_children(session, library, wanted, deep=deep)


def read_children(session: Session, library: Library, above: list[tuple[str, Manifest]], *, deep: bool) -> None:
    """Read what the manifests *above* name, level by level."""
    expanded: set[Address] = set()
    for _level in range(DEPTH_LIMIT + 1):
        expanded |= {Address(repository, manifest.digest) for repository, manifest in above}
        named = {
            Address(repository, child.digest): child
            for repository, manifest in above
            for child in manifest.children
            if deep or child.media_type in INDEX_TYPES
        }
        missing = {address: child for address, child in named.items() if address not in library.held}
        read = session.each(lambda item: _read_child(session, *item), missing.items())
        library.held.update(zip(missing, read, strict=True))
        fresh = [address for address in named if address in library.held and address not in expanded]
        above = [(address.repository, library.held[address]) for address in fresh]
        if not above:
            break


def _read_child(session: Session, address: Address, child: Descriptor) -> Manifest:
    found = session.read_named(session.ports.source, address.repository, child)
    if found is None:
        raise RefusedError(
            f"{session.ports.source.host}/{address.repository} names the manifest {address.reference} in an index, but "
            "does not have it. Nothing was written. Push the image again: part of it was deleted."
        )
    return found


def assemble(library: Library, image: SourceImage) -> SourceImage:
    """*image* with all its manifests that were read."""
    return replace(image, manifests=library.closure(image.request.repository, image.root))
