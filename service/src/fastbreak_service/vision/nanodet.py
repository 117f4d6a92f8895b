# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""NanoDet, the network that finds persons in a whole frame, built for a frame's size from the files of TensorFlow.js.

The network is NanoDet-g of https://github.com/RangiLyu/nanodet, trained on COCO, as converted from ONNX: its values lie
as OpenVINO wants them (channels before rows), but for convolutions between two transposes, which are left out here.
Only the scores of persons are kept of its 80 classes.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import openvino as ov
from openvino import opset13 as ops

from fastbreak_service.vision.detector import BINS

if TYPE_CHECKING:
    from pathlib import Path

_OWN_SIZE = 416
"""The files describe the network for pictures of this width and height."""
_CLASSES = 80
# Of blue, green and red, the order in which the network was trained.
_MEAN, _DEVIATION = (103.53, 116.28, 123.675), (57.375, 57.12, 58.395)
_TRANSPOSES = ((0, 2, 3, 1), (0, 3, 1, 2))


def read(description: Path, weights: Path) -> Files:
    """The network as the two files have it."""
    content = json.loads(description.read_text(encoding="utf-8"))
    nodes = {node["name"]: node for node in content["modelTopology"]["node"] if node["op"] != "Const"}
    (group,) = content["weightsManifest"]
    return Files(nodes, _constants(group["weights"], weights.read_bytes()))


def _constants(listed: list[dict[str, Any]], content: bytes) -> dict[str, Any]:
    """Constants by name: one behind the other, floats halved."""
    found: dict[str, Any] = {}
    place = 0
    for entry in listed:
        kind = np.dtype(np.float16 if "quantization" in entry else entry["dtype"])
        count = math.prod(entry["shape"])
        values = np.frombuffer(content, kind, count, place).reshape(entry["shape"])
        found[entry["name"]] = values.astype(np.float32) if kind == np.float16 else values
        place += count * kind.itemsize
    return found


class Files:
    """The network's nodes and constants by name."""

    def __init__(self, nodes: dict[str, Any], constants: dict[str, Any]) -> None:
        self._nodes = nodes
        self._constants = constants

    def model(self) -> Any:
        """The network for pictures of any size that the largest stride divides.

        It takes (1, height, width, 3), red, green and blue, 0 to 255. For all cells, row by row and from the smallest
        stride to the largest, it answers how likely each shows a person, (1, cells), and how likely each reach of its
        box is, (1, 4 * BINS, cells), as logits: to the left, up, to the right and down.
        """
        picture = ops.parameter([1, -1, -1, 3], np.float32)
        blue_first = ops.gather(picture, np.array([2, 1, 0]), np.int64(3))
        mean, deviation = (np.array(values, np.float32) for values in (_MEAN, _DEVIATION))
        scaled = ops.divide(ops.subtract(blue_first, mean), deviation)
        made = {"input_1": _Value(ops.transpose(scaled, np.array([0, 3, 1, 2])), _OWN_SIZE)}
        heads = [self._value(node["input"][0], made) for node in self._nodes.values() if node["op"] == "SplitV"]
        scores, boxes = [], []
        for head in sorted(heads, key=lambda value: -value.rows):
            likely, reach = ops.variadic_split(head.output, np.int64(1), np.array([_CLASSES, 4 * BINS])).outputs()
            person = ops.sigmoid(ops.gather(likely, np.array([0]), np.int64(1)))
            scores.append(ops.reshape(person, np.array([1, -1]), special_zero=False))
            boxes.append(ops.reshape(reach, np.array([1, 4 * BINS, -1]), special_zero=False))
        return ov.Model([ops.concat(scores, 1), ops.concat(boxes, 2)], [picture], "nanodet")

    def _value(self, name: str, made: dict[str, _Value]) -> _Value:
        """What a node gives, made after all that it takes."""
        if name not in made:
            node = self._nodes[name]
            taken = [
                self._constants[source] if source in self._constants else self._value(source, made)
                for source in node["input"]
            ]
            made[name] = _made(node, *taken)
        return made[name]


class _Value(NamedTuple):
    """What an operation gives, and how many rows that has of a picture of the network's own size."""

    output: Any
    rows: int


def _made(node: dict[str, Any], value: _Value, *others: Any) -> _Value:
    """An operation of TensorFlow on what it takes: values, and constants as arrays."""
    made, rows = value
    match node["op"]:
        case "Transpose" if tuple(others[0]) in _TRANSPOSES:
            pass
        case "Conv2D":
            kernel = np.ascontiguousarray(others[0].transpose(3, 2, 0, 1))
            strides = [int(step) for step in node["attr"]["strides"]["list"]["i"][1:3]]
            made, rows = ops.convolution(made, kernel, strides, [0, 0], [0, 0], [1, 1]), rows // strides[0]
        case "Add" if isinstance(others[0], _Value):
            made = ops.add(made, others[0].output)
        case "Add":
            made = ops.add(made, others[0].reshape(1, -1, 1, 1))
        case "LeakyRelu":
            made = ops.prelu(made, np.array([node["attr"]["alpha"]["f"]], np.float32))
        case "Pad" | "PadV2":
            begin, end = others[0].T
            made = ops.pad(made, begin, end, "constant", np.float32(others[1] if others[1:] else 0))
        case "MaxPool":
            made, rows = ops.max_pool(made, [2, 2], [1, 1], [0, 0], [0, 0], [3, 3]).output(0), rows // 2
        case "ConcatV2":
            made = ops.concat([made, *(other.output for other in others[:-1])], int(others[-1]))
        case "ResizeBilinear":
            factors = np.full(2, others[0][0] / rows, np.float32)
            made, rows = (
                ops.interpolate(made, factors, "linear_onnx", "scales", axes=np.array([2, 3])),
                int(others[0][0]),
            )
        case other:
            raise ValueError(f"The network has an operation that is not known: {node['name']} ({other}).")
    return _Value(made, rows)
