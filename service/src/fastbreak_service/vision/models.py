# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The two networks, verified against the lock and run by OpenVINO on the CPU."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import openvino as ov

from fastbreak_service.vision import detector, nanodet, pose
from fastbreak_service.vision.region import Region
from fastbreak_service.vision.sampling import inputs, with_front

if TYPE_CHECKING:
    from pathlib import Path

    from fastbreak_service.vision.detector import Detection, Search, Size
    from fastbreak_service.vision.picture import Picture
    from fastbreak_service.vision.pose import Pose

DETECTOR_FILES = ("nanodet.json", "nanodet.bin")
LANDMARK_FILE = "pose_landmark_full.tflite"
LOCK_FILE = "models.lock"
MODEL_NAME = "blazepose-full"
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

    Single precision is asked for by name: OpenVINO would take bfloat16 where the processor has it. One thread,
    because the order in which several add up their parts changes the last digits. Of x86 processors none uses more
    than AVX2, as this package says. So the same clip gives the same angles on each of them, whatever their number.
    """

    def __init__(self, directory: Path) -> None:
        self.identity = ModelIdentity(MODEL_NAME, verified(directory)[LANDMARK_FILE])
        self._core = ov.Core()
        finder = nanodet.read(*(directory / name for name in DETECTOR_FILES)).model()
        self._finder = self._compiled(with_front(finder, finder.outputs, 0.0, 255.0))
        landmark = self._core.read_model(directory / LANDMARK_FILE)
        wanted = [landmark.output(name) for name in (_LANDMARKS, _SCORE, _HEATMAP)]
        self._landmark = self._compiled(with_front(landmark, wanted, *pose.INPUT_RANGE))

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
        return pose.read(answer[0][0], float(answer[1][0, 0]), answer[2][0], region)

    def _compiled(self, network: Any) -> Any:
        options = {
            "INFERENCE_PRECISION_HINT": "f32",
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": "1",
            # It would hold the thread to a processor, and other workers on the machine theirs to the same.
            "ENABLE_CPU_PINNING": "NO",
        }
        return self._core.compile_model(network, "CPU", options)
