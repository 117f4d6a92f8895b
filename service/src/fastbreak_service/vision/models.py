# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The two networks, verified against the lock and run by OpenVINO on the CPU."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import openvino as ov
from openvino import opset13 as ops

from fastbreak_service.vision import detector, nanodet, pose
from fastbreak_service.vision.precision import Precision, hold
from fastbreak_service.vision.region import Region
from fastbreak_service.vision.sampling import apart, inputs, with_front

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fastbreak_service.vision.detector import Detection, Search, Size
    from fastbreak_service.vision.picture import Picture
    from fastbreak_service.vision.pose import Pose

DETECTOR_FILES = ("nanodet.json", "nanodet.bin")
LANDMARK_FILE = "pose_landmark_full.tflite"
LOCK_FILE = "models.lock"
MODEL_NAMES = {Precision.F32: "blazepose-full", Precision.FAST: "blazepose-full-bf16"}
"""By what the networks count in, so that a result says it."""
_HINTS = {Precision.F32: "f32", Precision.FAST: "bf16"}
# Only what is read: leaving out the segmentation mask and the 3D points saves a third of the work.
_LANDMARKS, _SCORE, _HEATMAP = "Identity", "Identity_1", "Identity_3"


class ModelError(Exception):
    """The networks cannot be used; the message says which file, what was seen and what to do."""


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """The name and the SHA-256 of the landmark network, which a result carries."""

    name: str
    sha256: str


def verified(directory: Path) -> dict[str, str]:
    """The SHA-256 of every file that the lock in `directory` names. Raises ModelError when one differs."""
    fetch = f"Fetch them with `python fetch.py models.lock --into {directory}`."
    try:
        lock = json.loads((directory / LOCK_FILE).read_text(encoding="utf-8"))
        hashes = {name: hashlib.sha256((directory / name).read_bytes()).hexdigest() for name in lock["files"]}
    except FileNotFoundError as error:
        raise ModelError(f"The model file {error.filename} is missing. {fetch}") from error
    for name, seen in hashes.items():
        expected = lock["files"][name]["sha256"]
        if seen != expected:
            raise ModelError(f"{directory / name} has SHA-256 {seen}, the lock says {expected}. {fetch}")
    return hashes


class PoseModel:
    """Both networks, compiled. Not shared between threads.

    The precision is asked for by name: OpenVINO would take bfloat16 where the processor has it. One thread, because
    the order in which several add up their parts changes the last digits. So the same clip gives the same angles on
    each processor of a kind (`precision`), whatever the number of processors.

    What samples a picture counts in single precision always: bfloat16 has no place for a column of a frame, and a third
    of the small persons would be missed. Of the landmarks the last layer counts so, too: all of it in bfloat16 moves
    them by a pixel of the network's to one side. Each is a network of its own then, as OpenVINO takes one precision
    for each.
    """

    def __init__(self, directory: Path, precision: Precision = Precision.F32) -> None:
        self.identity = ModelIdentity(MODEL_NAMES[precision], verified(directory)[LANDMARK_FILE])
        hold(precision)
        self._core = ov.Core()
        _check(self._core, precision)
        finder = nanodet.read(*(directory / name for name in DETECTOR_FILES)).model()
        self._finder = self._sampled(finder, finder.outputs, (0.0, 255.0), precision)
        landmark, self._head = self._core.read_model(directory / LANDMARK_FILE), None
        wanted = [landmark.output(name) for name in (_LANDMARKS, _SCORE, _HEATMAP)]
        if precision is Precision.FAST:
            last = self._core.read_model(directory / LANDMARK_FILE)
            self._head = self._compiled(
                _last_layer([last.output(name) for name in (_LANDMARKS, _SCORE)]), Precision.F32
            )
            wanted = [_taken(landmark.output(_LANDMARKS)).get_source_output(), wanted[2]]
        self._landmark = self._sampled(landmark, wanted, pose.INPUT_RANGE, precision)

    def detect(self, picture: Picture, search: Search) -> list[Detection]:
        """The persons in a frame, best first."""
        found = [
            one for seen in detector.sizes(picture.width, picture.height, search) for one in self._found(picture, seen)
        ]
        return detector.distinct(found)

    def _found(self, picture: Picture, seen: Size) -> list[Detection]:
        across, down = seen.width * seen.frame_pixels, seen.height * seen.frame_pixels
        whole = Region(across / 2, down / 2, across)
        scores, reaches = self._finder(inputs(picture, whole, seen.width, seen.height)).values()
        return detector.read(scores[0], reaches[0], seen)

    def look(self, picture: Picture, region: Region) -> Pose:
        """The pose of the person in a region of a frame."""
        answer = self._landmark(inputs(picture, region, pose.INPUT_SIZE))
        if self._head is None:
            landmarks, score, heatmap = (answer[place] for place in range(3))
        else:
            (landmarks, score), heatmap = self._head([answer[0]]).values(), answer[1]
        return pose.read(landmarks[0], float(score[0, 0]), heatmap[0], region)

    def _sampled(
        self, network: Any, outputs: list[Any], span: tuple[float, float], precision: Precision
    ) -> Callable[[list[Any]], Any]:
        """A network of one picture, as what takes `inputs` and answers with `outputs`."""
        if precision is Precision.F32:
            whole: Callable[[list[Any]], Any] = self._compiled(with_front(network, outputs, *span), precision)
            return whole
        first, second = apart(network, outputs, *span)
        front, rest = self._compiled(first, Precision.F32), self._compiled(second, precision)
        return lambda values: rest([front(values)[0]])

    def _compiled(self, network: Any, precision: Precision) -> Any:
        options = {
            "INFERENCE_PRECISION_HINT": _HINTS[precision],
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": "1",
            # It would hold the thread to a processor, and other workers on the machine theirs to the same.
            "ENABLE_CPU_PINNING": "NO",
        }
        return self._core.compile_model(network, "CPU", options)


def _check(core: Any, precision: Precision) -> None:
    """Raise ModelError where OpenVINO does not count in bfloat16, and would go on in another precision in silence."""
    if precision is Precision.FAST and "BF16" not in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        raise ModelError(
            "The networks cannot count in bfloat16 here: the processor has no AVX512-BF16, or this process has used a "
            "network in single precision before. Set FASTBREAK_PRECISION to f32, or leave it out."
        )


def _taken(output: Any) -> Any:
    """What the last convolution before an output takes."""
    node = output.get_node()
    while node.get_type_name() != "Convolution":
        node = node.input(0).get_source_output().get_node()
    return node.input(0)


def _last_layer(outputs: list[Any]) -> Any:
    """Of some outputs, which take the same, the last convolutions and what follows, as a network of its own."""
    features = ops.parameter(list(_taken(outputs[0]).get_shape()), np.float32)
    for output in outputs:
        _taken(output).replace_source_output(features.output(0))
    return ov.Model(outputs, [features], "last")
