# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Taking regions out of pictures, as the first part of the network that looks at them.

OpenVINO samples, converts colours and scales in its own kernels; NumPy only cuts out the part of the planes around a
region.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import openvino as ov
from openvino import opset13 as ops

if TYPE_CHECKING:
    from fastbreak_service.vision.arrays import Bytes, Floats
    from fastbreak_service.vision.picture import Picture
    from fastbreak_service.vision.region import Region

# Pixels beyond those that a region covers: its edge is interpolated from them.
_MARGIN = 2
# OpenVINO prepares itself for each size of a window, so they are few.
_WINDOW = 64


def front(width: int, height: int, low: float, high: float) -> tuple[list[Any], Any]:
    """The inputs, which `inputs` makes, and the output: (1, height, width, 3), red, green and blue, `low` to `high`.

    Bilinear; black where a region reaches over the frame's edge. A width or height of -1 is any.
    """
    luma, chroma = (ops.parameter([1, channels, -1, -1], np.uint8) for channels in (1, 2))
    offsets = [ops.parameter([1, channels, 1, 1], np.float32) for channels in (1, 2)]
    axes = [[ops.parameter(shape, np.float32) for shape in ([1, 1, width, 2], [1, height, 1, 2])] for _ in range(2)]
    weights = [ops.parameter([1, 3, 1, 1], np.float32) for _ in range(3)]
    first = _taken(luma, offsets[0], axes[0])
    second, third = ops.split(_taken(chroma, offsets[1], axes[1]), 1, 2).outputs()
    parts = [ops.multiply(part, weight) for part, weight in zip((first, second, third), weights, strict=True)]
    colours = ops.clamp(ops.add(ops.add(*parts[:2]), parts[2]), 0.0, 255.0)
    scaled = ops.add(ops.multiply(colours, np.float32((high - low) / 255)), np.float32(low))
    return [luma, chroma, *offsets, *axes[0], *axes[1], *weights], _rows_first(scaled)


def with_front(network: Any, outputs: list[Any], low: float, high: float) -> Any:
    """A network of one picture of (1, height, width, 3) as one of what `inputs` makes; `outputs` are those wanted."""
    parameters, picture = front(*_taken_size(network), low, high)
    network.get_parameters()[0].output(0).replace(picture)
    return ov.Model(outputs, parameters, "sampled")


def apart(network: Any, outputs: list[Any], low: float, high: float) -> tuple[Any, Any]:
    """What `with_front` gives as two networks: what samples, and the rest, which takes what that gives.

    Between them the picture lies as (1, 3, height, width), as the rest would turn it anyway.
    """
    width, height = _taken_size(network)
    parameters, picture = front(width, height, low, high)
    between = ops.parameter([1, 3, height, width], np.float32)
    network.get_parameters()[0].output(0).replace(_rows_first(between))
    planes = picture.get_node().input_value(0)
    return ov.Model([planes], parameters, "front"), ov.Model(outputs, [between], "rest")


def _rows_first(planes: Any) -> Any:
    """Planes, (1, 3, height, width), as (1, height, width, 3)."""
    return ops.transpose(planes, np.array([0, 2, 3, 1])).output(0)


def _taken_size(network: Any) -> tuple[int, int]:
    """The width and height that a network of one picture of (1, height, width, 3) takes; -1 is any."""
    _, height, width, _ = (side.get_length() if side.is_static else -1 for side in network.inputs[0].partial_shape)
    return width, height


def inputs(picture: Picture, region: Region, width: int, height: int | None = None) -> list[Any]:
    """What `front` takes: the planes around a region, black, where to sample, and the colours' weights.

    The region's side is `width` samples long; with a `height`, as many of its rows are taken around its middle.
    """
    first, second, third = picture.planes
    luma, luma_axes = _cut(picture, region, (first,), width, height or width)
    chroma, chroma_axes = _cut(picture, region, (second, third), width, height or width)
    offsets = picture.colour.offsets.reshape(1, 3, 1, 1)
    weights = picture.colour.matrix.T.reshape(3, 1, 3, 1, 1)
    return [luma, chroma, offsets[:, :1], offsets[:, 1:], *luma_axes, *chroma_axes, *weights]


def _taken(planes: Any, offset: Any, axes: list[Any]) -> Any:
    """The values of a region in some planes, less those of black: (1, planes, size, size)."""
    # Relu changes no byte. It has OpenVINO convert and subtract at once: a conversion alone takes as long as sampling.
    values = ops.subtract(ops.relu(ops.convert(planes, "f32")), offset)
    how = {"align_corners": False, "mode": "bilinear", "padding_mode": "zeros"}
    return ops.grid_sample(values, ops.add(*axes), how)


def _cut(
    picture: Picture, region: Region, planes: tuple[Bytes, ...], samples: int, lines: int
) -> tuple[Bytes, list[Floats]]:
    """The planes around a region, (1, planes, height, width), and where to sample in them.

    The place for a column and a row of the region is the sum of what its two axes say of them, (1, 1, samples, 2) and
    (1, lines, 1, 2): x and y, -1 to 1 from edge to edge of what is cut out.
    """
    height, width = planes[0].shape
    # Planes of a half, or all, of the picture's pixels; the last of an odd number of columns has one of its own.
    finer = np.array([round(picture.width / width), round(picture.height / height)])
    center = (np.array([region.center_x, region.center_y]) + 0.5) / finer
    cosine, sine = math.cos(region.rotation), math.sin(region.rotation)
    across, down = region.side * np.array([[cosine, sine], [-sine, cosine]]) / finer
    reach = (np.abs(across) + np.abs(down) * lines / samples) / 2 + _MARGIN
    extent = np.array([width, height])
    cut = np.minimum(math.ceil((2 * reach.max() + 1) / _WINDOW) * _WINDOW, extent)
    begin = np.clip(np.floor(center - reach), 0, extent - cut).astype(int)
    column, row = (((np.arange(count) - count / 2) / samples)[:, None] for count in (samples, lines))
    columns = (center + column * across - begin) * 2 / cut - 1
    rows = row * down * 2 / cut
    axes = [columns.astype(np.float32)[None, None], rows.astype(np.float32)[None, :, None]]
    (left, top), (right, bottom) = begin, begin + cut
    return np.stack([plane[top:bottom, left:right] for plane in planes])[None], axes
