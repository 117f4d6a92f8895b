# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What a storage of videos does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from uuid import UUID


USUAL_DAYS = 7
"""How many days a video is kept, from its arrival on, where nothing else is said."""


class FootageError(Exception):
    """The storage did not do what was asked; the message says what, where and why. Trying again later may help."""


class FootageMissingError(FootageError):
    """The storage has no such video; trying again does not help."""


class PartsMissingError(Exception):
    """A video cannot be put together, since parts of it have not arrived; `numbers` are theirs."""

    def __init__(self, numbers: Sequence[int]) -> None:
        super().__init__(f"parts that have not arrived: {numbers}")
        self.numbers = numbers


class Arrivals(Protocol):
    """Videos that arrive in parts, numbered from 1, by the id of their analysis-to-be. Nobody sees one before its end.

    `upload` is the storage's own name of an upload. All methods may block, and raise FootageError.
    """

    def begin(self, analysis: UUID) -> str:
        """Begin; the upload."""

    def links(self, analysis: UUID, upload: str, sizes: Mapping[int, int], seconds: int) -> list[str]:
        """Where to PUT these parts, of exactly these sizes, for some seconds: whole addresses, or paths of the service.

        No token is asked for there. An upload that has ended is not noticed before something is sent.
        """

    def arrived(self, analysis: UUID, upload: str) -> dict[int, int]:
        """The sizes of the parts that are here. Raises FootageMissingError when the upload has ended."""

    def join(self, analysis: UUID, upload: str, sizes: Mapping[int, int]) -> None:
        """Make the video of exactly these parts, and end the upload.

        Raises PartsMissingError, and FootageMissingError when it has ended before: then there is a video, or none.
        """

    def abort(self, analysis: UUID, upload: str) -> None:
        """Forget all parts; an upload that has ended is no error."""

    def size(self, analysis: UUID) -> int | None:
        """How many bytes the video has, None while there is none."""


class Footage(Protocol):
    """Videos by the id of their analysis. Every method but the properties may block, and raises FootageError.

    `place` names the storage: whoever has the same place reaches the same videos. `durable` is whether they outlive the
    process that took them in. `directory` is the local one in which videos arrive and are analysed.
    """

    @property
    def place(self) -> str:
        """The storage's name."""

    @property
    def durable(self) -> bool:
        """Whether the videos outlive this process."""

    @property
    def directory(self) -> Path:
        """Where videos arrive and are analysed."""

    @property
    def arrivals(self) -> Arrivals:
        """Those that are sent to the storage itself."""

    def part(self, analysis: UUID, number: int, size: int, ticket: str) -> Path | None:
        """Which file a part is to be that arrives at the service itself, None when its ticket is not valid.

        Raises FootageMissingError when its upload has ended.
        """

    def keep(self, analysis: UUID, arrived: Path) -> None:
        """Take over a file of `directory`. Once this returns, a crash of the machine does not lose it, if durable."""

    def fetch(self, analysis: UUID) -> Path:
        """A video as a file in `directory`. Raises FootageMissingError too."""

    def put_away(self, fetched: Path) -> None:
        """A fetched file is needed no more; the video stays in the storage."""

    def retire(self, analysis: UUID) -> None:
        """Its analysis has ended: a durable storage goes on keeping the video, to be looked at; another deletes it.

        May be repeated, also for a video that is not there.
        """

    def link(self, analysis: UUID, kind: str, seconds: int) -> str:
        """Where anybody may have a video, as this media type, for some seconds.

        A whole address, or a path of the service. Raises FootageMissingError too.
        """

    def linked(self, analysis: UUID, kind: str, ticket: str) -> Path | None:
        """The file that such a path leads to, None when its ticket is not valid. Raises FootageMissingError too."""

    def discard(self, analysis: UUID) -> None:
        """Delete a video; one that is not there is no error."""

    def versions(self, analysis: UUID) -> int:
        """How many versions of a video there are."""

    def erase(self, analysis: UUID) -> int:
        """Delete a video with all its versions for good; how many there were. One that is not there is no error."""

    def replace(self, analysis: UUID, other: Path) -> int:
        """Have another film, a file of `directory`, in the place of a video, and none of the video's versions for good.

        How many of these there were. The other appears whole, or not at all; its file stays. May be repeated.
        """

    def strays(self) -> list[UUID]:
        """Analyses whose videos have lain here for hours, and may be needed no more."""

    def close(self) -> None:
        """Leave nothing of this process behind."""
