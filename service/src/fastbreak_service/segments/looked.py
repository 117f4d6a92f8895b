# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What was seen of a segment, and its form as bytes: a line of JSON, then its arrays one after the other.

Whoever decodes writes it and somebody else reads it, who believes nothing of it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fastbreak_service.forms import fits
from fastbreak_service.segments.reading import Account
from fastbreak_service.vision.landmarks import COUNT
from fastbreak_service.vision.models import ModelIdentity

if TYPE_CHECKING:
    from fastbreak_service.vision.arrays import Floats

    type Whole = npt.NDArray[np.int32]
    type Doubles = npt.NDArray[np.float64]

FORM = 2
"""Another one gets another number, and its work another contract. The first one has not what the camera did."""
FORMS = (1, FORM)
_LONGEST_HEAD = 4096
_SMALLEST, _FURTHEST = 1e-6, 1e9
"""Scale and way of a ground: whoever zooms or pans for ten minutes stays far within."""


@dataclass(frozen=True, slots=True)
class _Head:
    form: int
    frames: int
    lead: int
    sightings: int
    account: Account
    model: ModelIdentity


@dataclass(frozen=True, slots=True)
class Looked:
    """What was seen of a segment: `times` of its frames, of which the first `lead` are not its own; and the sightings.

    Of the frames, too, `grounds` (frames, 4), NaN where nothing tells, and `scenes`, as of a `Camera` of its own; None
    in the first form.

    Of the sightings, (n,): the person, from 1, the frame, from 0; (n, 33, 2) points and (n, 33) visibility, as of a
    `Pose`. Of a person they are in order of time.
    """

    lead: int
    account: Account
    model: ModelIdentity
    times: Doubles
    persons: Whole
    frames: Whole
    points: Floats
    visibility: Floats
    grounds: Doubles | None = None
    scenes: Whole | None = None

    @property
    def form(self) -> int:
        """The number of its form."""
        return 1 if self.grounds is None else FORM

    def written(self) -> bytes:
        """It as bytes."""
        head = _Head(self.form, len(self.times), self.lead, len(self.persons), self.account, self.model)
        arrays = (
            np.ascontiguousarray(getattr(self, name), kind).tobytes()
            for name, kind, _ in _arrays(head.form, head.frames, 0)
        )
        return b"".join([json.dumps(asdict(head)).encode(), b"\n", *arrays])


def _arrays(form: int, frames: int, sightings: int) -> list[tuple[str, str, tuple[int, ...]]]:
    """The arrays of a form in their order, with what they are of and their shapes."""
    camera = [("grounds", "<f8", (frames, 4)), ("scenes", "<i4", (frames,))]
    return [
        ("times", "<f8", (frames,)),
        ("persons", "<i4", (sightings,)),
        ("frames", "<i4", (sightings,)),
        ("points", "<f4", (sightings, COUNT, 2)),
        ("visibility", "<f4", (sightings, COUNT)),
        *(camera if form > 1 else ()),
    ]


def read(content: bytes) -> Looked:
    """What bytes say. Raises ValueError for what is of another form."""
    end = content.find(b"\n", 0, _LONGEST_HEAD)
    said = json.loads(content[: max(0, end)])
    if not fits(said, _Head) or said["form"] not in FORMS:
        raise ValueError("no segment of this form")
    arrays: dict[str, Any] = {}
    place = end + 1
    for name, kind, shape in _arrays(said["form"], said["frames"], said["sightings"]):
        size = int(np.prod(shape)) * np.dtype(kind).itemsize
        if place + size > len(content):
            raise ValueError("a segment that is cut short")
        arrays[name] = np.frombuffer(content[place : place + size], kind).reshape(shape)
        place += size
    if place != len(content):
        raise ValueError("more than a segment")
    looked = Looked(said["lead"], Account(**said["account"]), ModelIdentity(**said["model"]), **arrays)
    _check(looked)
    return looked


def _check(looked: Looked) -> None:
    frames = len(looked.times)
    in_order = bool(np.isfinite(looked.times).all() and (np.diff(looked.times) > 0).all())
    known = not len(looked.persons) or (
        looked.persons.min() > 0 and 0 <= looked.frames.min() <= looked.frames.max() < frames
    )
    if not (in_order and known and looked.lead <= frames and looked.account.pictures == frames - looked.lead):
        raise ValueError("a segment that contradicts itself")
    if not (_films(looked) if looked.form > 1 else looked.scenes is None):
        raise ValueError("a segment of whose camera nothing can be true")
    order = np.lexsort((np.arange(len(looked.persons)), looked.persons))
    same = np.diff(looked.persons[order]) == 0
    if (np.diff(looked.frames[order])[same] <= 0).any():
        raise ValueError("a segment in which a person is twice in a frame")


def _films(looked: Looked) -> bool:
    """Whether grounds are finite or not known, turn nothing into nothing, and scenes follow each other."""
    assert looked.grounds is not None  # noqa: S101 - whoever calls has looked
    assert looked.scenes is not None  # noqa: S101
    known = looked.grounds[~np.isnan(looked.grounds).all(axis=1)]
    steps = np.diff(looked.scenes, prepend=0)
    return bool(
        np.isfinite(known).all()
        and (np.hypot(known[:, 0], known[:, 1]) >= _SMALLEST).all()
        and (np.abs(known) <= _FURTHEST).all()
        and ((steps == 0) | (steps == 1)).all()
    )
