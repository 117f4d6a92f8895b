# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags of attachments, which other runs and signers may write at the same time.

Registries cannot compare and swap. So that nothing is lost, each of these tags is read, merged and written again until
it holds what is wanted; and once more when the promotion is recorded, with what the records of others name. Whoever
writes last looks last, and sees the record of everyone who looked before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._common.wait import until
from .._errors import OperationError
from .._oci.names import Address
from .._oci.referrers import descriptor_of, extend_index, fallback_tag
from .cosign import content
from .patience import write_manifest
from .session import StoppableClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .._oci.model import Descriptor, Manifest
    from .session import Session

#: How long a tag is merged again and again before that is given up.
_SECONDS = 20.0


class SharedTags:
    """Writes these tags. ``wrote`` are those that this run wrote at all."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.wrote: set[Address] = set()
        self._indexes: dict[Address, dict[str, Descriptor]] = {}
        self._signatures: dict[Address, Manifest] = {}

    def merge_index(self, address: Address, wanted: Iterable[Descriptor], original: Manifest | None = None) -> None:
        """Have the index of referrers at *address* list *wanted*. *original* is written as it is where there is none.

        Raises OperationError when others write over it without end, or when the registry refuses it.
        """
        entries = {**self._indexes.get(address, {}), **{entry.digest: entry for entry in wanted}}

        def merged(held: Manifest | None) -> Manifest | None:
            if held is None and original is not None and entries.keys() == _children(original):
                return original
            if held is not None and not held.is_index:
                raise _mismatch(address, held, "is no index of referrers", "Remove that tag")
            return None if entries.keys() <= _children(held) else extend_index(held, entries.values())

        self._merge(address, merged)
        self._indexes[address] = entries

    def merge_signatures(self, address: Address, wanted: Manifest) -> None:
        """Have the tag of cosign's at *address* name *wanted*, or what holds all of that.

        Raises OperationError when it names something else, which holds more and less.
        """

        def merged(held: Manifest | None) -> Manifest | None:
            if held is None or content(held) < content(wanted):
                return wanted
            if content(wanted) <= content(held):
                return None
            found = f"lacks what {wanted.digest} holds, and holds what that lacks"
            raise _mismatch(address, held, found, "Have both merged by whoever signed them")

        self._merge(address, merged)
        self._signatures[address] = wanted

    def settle(self, service: str) -> None:
        """Look at all of them again and write what others wrote over, with what *service* recorded."""
        recorded = self.session.ports.promotions.promotions(service) if service and self._indexes else ()
        made: dict[str, list[str]] = {}
        for line in recorded:
            made.setdefault(fallback_tag(line.digest), []).extend(filter(None, (line.attestation, line.signature)))
        indexes = [(address, made.get(address.reference, [])) for address in self._indexes]
        self.session.each(lambda item: self.merge_index(item[0], self._artifacts(*item)), indexes)
        self.session.each(lambda item: self.merge_signatures(*item), list(self._signatures.items()))

    def _artifacts(self, address: Address, digests: Iterable[str]) -> list[Descriptor]:
        """How an index lists those of *digests* that the repository has and that belong to its subject."""
        destination = self.session.ports.destination
        read = [self.session.read(destination, Address(address.repository, digest)) for digest in digests]
        return [
            descriptor_of(found)
            for found in read
            if found and found.subject and fallback_tag(found.subject.digest) == address.reference
        ]

    def _merge(self, address: Address, merged: Callable[[Manifest | None], Manifest | None]) -> None:
        """Read, merge and write until nothing is left to merge."""
        destination = self.session.ports.destination

        def is_whole() -> bool:
            wanted = merged(self.session.read(destination, address))
            if wanted is None:
                return True
            write_manifest(self.session, address, wanted)
            self.wrote.add(address)
            return merged(self.session.read(destination, address)) is None

        until(
            is_whole,
            bool,
            clock=StoppableClock(self.session),
            seconds=_SECONDS,
            pause=lambda elapsed: 0.1 + elapsed / 2,
            on_timeout=lambda _whole, elapsed: OperationError(
                f"Tag {address.reference} of {address.repository}, under which attachments are kept, was written again "
                f"and again for {elapsed:.0f} s, and another writer wrote over it each time. The image itself is not "
                "touched by that. Run again when no other promotion of it is at work."
            ),
        )


def _children(index: Manifest | None) -> set[str]:
    return {child.digest for child in index.children} if index else set()


def _mismatch(address: Address, held: Manifest, found: str, advice: str) -> OperationError:
    return OperationError(
        f"Tag {address.reference} of {address.repository} names {held.digest}, which {found}; another wrote it "
        f"while this run was at work. {advice}, then run again."
    )
