# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Making whole pictures of interlaced ones, whose even and odd lines are from different moments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import av
import av.filter

from fastbreak_service.errors import Rejection
from fastbreak_service.video.guard import rejecting

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

# One picture out for each in, at its own time; pictures that are not marked as interlaced pass as they are.
_FILTER, _SETTINGS = "bwdif", "mode=send_frame:parity=auto:deint=interlaced"
_FAULT = "The interlaced video cannot be turned into whole pictures. Re-encode it without interlacing."


def progressive(pictures: Iterable[VideoFrame], stream: VideoStream) -> Iterator[VideoFrame]:
    """The same pictures, deinterlaced from the first that is interlaced on. Raises RejectedVideoError."""
    graph: av.filter.Graph | None = None
    shape: tuple[int, int, str] | None = None
    for picture in pictures:
        seen = (picture.width, picture.height, picture.format.name)
        if graph is not None and seen != shape:
            yield from _through(graph, None)
            graph = None
        if graph is None and picture.interlaced_frame:
            graph, shape = _graph(stream, picture), seen
        if graph is None:
            yield picture
        else:
            yield from _through(graph, picture)
    if graph is not None:
        yield from _through(graph, None)


def _graph(stream: VideoStream, picture: VideoFrame) -> av.filter.Graph:
    with rejecting(Rejection.UNDECODABLE, _FAULT):
        graph = av.filter.Graph()
        graph.threads = 1
        source = graph.add_buffer(
            width=picture.width,
            height=picture.height,
            format=picture.format,
            time_base=picture.time_base or stream.time_base,
        )
        graph.link_nodes(source, graph.add(_FILTER, _SETTINGS), graph.add("buffersink")).configure()
        return graph


def _through(graph: av.filter.Graph, picture: VideoFrame | None) -> list[VideoFrame]:
    """What comes out after a picture went in; None is the end."""
    whole: list[VideoFrame] = []
    with rejecting(Rejection.UNDECODABLE, _FAULT):
        graph.push(picture)
        while True:
            try:
                out = graph.pull()
            except (av.BlockingIOError, av.EOFError):
                return whole
            if isinstance(out, av.VideoFrame):
                whole.append(out)
    return whole
