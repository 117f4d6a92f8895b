# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What a container writes, as lines of text."""

from collections.abc import Iterable, Iterator
from typing import Any

_LONGEST_LINE = 256 * 1024
_READ_AGAIN_BYTES = 4 * 1024 * 1024


def lines(container: Any) -> Iterator[str]:
    """The lines of both its outputs, until it ends."""
    return (line.decode(errors="replace") for line in _lines(_output(container)))


def _output(container: Any) -> Iterator[bytes]:
    """Everything the container writes until it ends.

    The engine's stream of a container that ends may break off before its last bytes: they are read again.
    """
    seen = 0
    for chunk in container.logs(stream=True, follow=True, stdout=True, stderr=True):
        seen += len(chunk)
        yield chunk
    if seen < _READ_AGAIN_BYTES:
        yield container.logs(stdout=True, stderr=True)[seen:]


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Chunks as lines without their ends; a line that grows too long is cut, as CloudWatch Logs does."""
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines
        if len(rest) > _LONGEST_LINE:
            yield rest
            rest = b""
    if rest:
        yield rest
