# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate ``inference``: known clips through the release, in a task of its own, before users depend on it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isfinite
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from ..._common.amount import amount
from ..._common.verdict import Verdict
from ..._errors import OperationError
from .golden import Golden, read_file_of
from .golden_differences import differences, in_words, other_models, unheld
from .model import Gate, Tally
from .one_off import Errand, Outcome, begin, look
from .settings import shared_fields

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from .model import Beforehand, Scene

_LONGEST_SECONDS = 7200
_MOST_DEGREES = 45.0
_MOST_CLIPS = 20
#: The label of an image that names its networks: ``name=sha256``, separated by commas.
MODELS_LABEL = "com.fastbreak.models"


@dataclass(frozen=True, slots=True)
class InferenceTally(Tally):
    """``samples`` are clips that were compared, ``failures`` those that differ, and one more for a release too slow.

    ``errand`` is the task under way, of the release until its ``speed`` is known (frames per second), then of the
    running version. ``fault`` says why nothing could be measured, ``unheld`` what the golden file says nothing of.
    ``share`` is the release's speed as a share of the running version's.
    """

    parts: ClassVar[tuple[type, ...]] = (Errand,)

    errand: Errand | None = None
    speed: float | None = None
    fault: str = ""
    problems: tuple[str, ...] = ()
    unheld: str = ""
    share: float | None = None
    ended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class InferenceGate(Gate[InferenceTally]):
    """Persons, angles and findings have to be those of ``golden_file``, at a share of the running version's speed."""

    kind: ClassVar[str] = "inference"
    options: ClassVar[Mapping[str, Any]] = {
        "golden_file": {"type": "path"},
        "inference_command": {"type": "list", "elements": "str", "default": ["fastbreak-service", "golden"]},
        "inference_clips": {"type": "list", "elements": "str", "default": []},
        "inference_container": {"type": "str"},
        "inference_timeout_seconds": {"type": "float", "default": 600},
        "maximum_angle_difference": {"type": "float", "default": 2},
        "minimum_speed_ratio": {"type": "float", "default": 0.5},
    }
    tally: ClassVar[type[InferenceTally]] = InferenceTally
    measured: ClassVar[str] = "share of the clips that differ"
    continues: ClassVar[bool] = True
    once: ClassVar[bool] = True
    repeats: ClassVar[bool] = False

    name: str = "inference"
    golden_file: str
    inference_command: tuple[str, ...] = ("fastbreak-service", "golden")
    inference_clips: tuple[str, ...] = ()
    inference_container: str = ""
    inference_timeout_seconds: float = 600.0
    maximum_angle_difference: float = 2.0
    minimum_speed_ratio: float = 0.5

    @classmethod
    def read(cls, options: Mapping[str, Any], _url: str) -> InferenceGate:
        """The gate that validated *options* stand for."""
        # The release's task, and then the running version's.
        shared = shared_fields(cls, options, cls.kind, least_seconds=cls.least_seconds(options, tasks=2))
        return cls(**shared, **cls.own_fields(options, cls.options))

    @staticmethod
    def least_seconds(options: Mapping[str, Any], *, tasks: int) -> float:
        """How long so many tasks, one after the other, may take."""
        seconds: float = options["inference_timeout_seconds"]
        return tasks * seconds if isfinite(seconds) else 0.0

    @staticmethod
    def own_fields(options: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
        """The fields that the options with these *names* stand for."""
        given = {name: options[name] for name in names}
        texts = {name: options[name] or "" for name in ("golden_file", "inference_container")}
        lists = {name: tuple(options[name]) for name in ("inference_command", "inference_clips")}
        return {**given, **texts, **lists}

    def problems(self) -> Iterator[str]:
        """Nothing to compare with, or limits by which hardly anything could fail."""
        if not self.golden_file:
            yield "golden_file is empty; name the file that `fastbreak-service golden` made."
        if not self.inference_command or not self.inference_command[0].strip():
            yield "inference_command is empty; leave it out for fastbreak-service golden."
        if not all(clip.strip() for clip in self.inference_clips):
            yield "inference_clips has an empty entry; take it out."
        if len(self.inference_clips) > _MOST_CLIPS:
            yield f"inference_clips has more than {_MOST_CLIPS} entries."
        seconds = self.inference_timeout_seconds
        if not (isfinite(seconds) and 0 < seconds <= _LONGEST_SECONDS):
            yield f"inference_timeout_seconds must be a number above 0, and at most {_LONGEST_SECONDS} (two hours)."
        elif self.deadline_seconds < self.initial_delay_seconds + seconds:
            yield "deadline_seconds is below initial_delay_seconds and inference_timeout_seconds together."
        if not (isfinite(self.maximum_angle_difference) and 0 <= self.maximum_angle_difference <= _MOST_DEGREES):
            yield f"maximum_angle_difference must be from 0 to {_MOST_DEGREES:g} degrees."
        if not (isfinite(self.minimum_speed_ratio) and 0 <= self.minimum_speed_ratio <= 1):
            yield "minimum_speed_ratio must be from 0 (not compared) to 1 (as fast as the running version)."

    def secrets(self) -> Iterator[str]:
        """What addresses of clips hold beside host and path: a signature lets anybody read them."""
        yield from (query for clip in self.inference_clips if (query := urlsplit(clip).query))

    def file_names(self) -> frozenset[str]:
        """The golden file."""
        return frozenset({self.golden_file})

    def in_rollback(self) -> None:
        """What is gone back to has passed before."""

    def beforehand(self, seen: Beforehand) -> Iterator[str]:
        """A golden file that cannot be read, or is of other networks than the image says that it has."""
        try:
            golden = self._golden(seen.ports.instruments.read_file(self.golden_file))
        except OperationError as error:
            yield f"cannot compare anything: {error}"
            return
        named = self._named(seen)
        if named and (problem := other_models(golden, named)):
            yield (
                f"compares with golden_file {self.golden_file}, whose {problem}: make a golden file with the networks "
                "of this release, or release the image that it was made with."
            )

    def untried(self, seen: Beforehand) -> Iterator[str]:
        """Whether the golden file is of the image's networks, where the image does not name them."""
        if not self._named(seen):
            yield (
                f"was not held against the networks of this image, which has no label {MODELS_LABEL} or none that can "
                "be read: if golden_file is of others, that is found when the gate judges, after the migration. Build "
                "the image with service/build.py, or give it the label (NAME=SHA256, separated by commas)"
            )

    @staticmethod
    def _named(seen: Beforehand) -> dict[str, str]:
        """The networks that the image names."""
        pairs = seen.image_labels().get(MODELS_LABEL, "").split(",")
        return {name: digest for name, _equals, digest in (pair.partition("=") for pair in pairs if pair)}

    def _golden(self, content: bytes) -> tuple[Golden, ...]:
        try:
            return read_file_of(content.decode())
        except ValueError as error:
            raise OperationError(f"golden_file {self.golden_file} cannot be read: {error}.") from error

    def measure(self, tally: InferenceTally, scene: Scene) -> InferenceTally:
        """Begin a task, or look whether it has ended. Nothing waits for it."""
        if tally.ended:
            return tally
        if scene.release is None:
            raise OperationError("Known clips go through a release that is under way, and there is no record of one.")
        of_running = tally.speed is not None
        revision = scene.release.previous_task_definition_arn if of_running else scene.release.task_definition_arn
        if tally.errand is None:
            return replace(tally, errand=self._begin(scene, revision))
        outcome = look(scene, tally.errand, self.inference_timeout_seconds)
        if isinstance(outcome, Errand):
            return replace(tally, errand=outcome)
        return self._of_running(tally, outcome) if of_running else self._of_release(tally, outcome, scene)

    def _begin(self, scene: Scene, revision: str) -> Errand:
        command = (*self.inference_command, *self.inference_clips)
        return begin(scene, revision, self.inference_container, command)

    def _comparable(self, wanted: Golden, _found: Golden | None) -> Golden:
        """What of *wanted* can be held against what was found."""
        return wanted

    def _differences(self, wanted: Golden, found: Golden | None) -> tuple[str, ...]:
        return tuple(differences(self._comparable(wanted, found), found, self.maximum_angle_difference))

    def _of_release(self, tally: InferenceTally, outcome: Outcome, scene: Scene) -> InferenceTally:
        """What the release found, compared."""
        if not outcome.ran:
            return replace(tally, errand=None, fault=f"nothing was measured: {outcome.told}")
        golden = self._golden(scene.ports.instruments.read_file(self.golden_file))
        if outcome.problem:
            told = (f"the release could not analyse them: {outcome.problem}",)
            return replace(tally, errand=None, samples=len(golden), failures=len(golden), problems=told, ended=True)
        found = {result.sha256: result for result in outcome.results}
        by_clip = [self._differences(wanted, found.get(wanted.sha256)) for wanted in golden]
        problems = tuple(problem for told in by_clip for problem in told)
        last = scene.release is None or not scene.release.previous_task_definition_arn or not self.minimum_speed_ratio
        return replace(
            tally,
            errand=None,
            speed=_speed(outcome.results),
            fault="",
            samples=len(golden),
            failures=sum(map(bool, by_clip)),
            problems=problems,
            unheld=unheld(golden, outcome.results),
            ended=last or bool(problems),
        )

    def _of_running(self, tally: InferenceTally, outcome: Outcome) -> InferenceTally:
        """How fast the running version is at the same clips."""
        if not outcome.ran or outcome.problem or not outcome.results:
            why = outcome.problem or outcome.told or "it wrote no result"
            fault = f"the running version could not be measured ({why}); minimum_speed_ratio 0 compares no speed"
            return replace(tally, errand=None, fault=fault)
        ours, theirs = tally.speed or 0.0, _speed(outcome.results)
        share = ours / theirs if theirs > 0 else 0.0
        slow = share < self.minimum_speed_ratio
        return replace(tally, errand=None, fault="", share=share, failures=tally.failures + slow, ended=True)

    def assess(self, tally: InferenceTally, *, baked: bool) -> Verdict:
        """A clip that differs is UNHEALTHY; HEALTHY only once everything was compared."""
        if tally.failures:
            return Verdict.UNHEALTHY
        if tally.fault:
            return Verdict.ERROR
        return Verdict.HEALTHY if tally.ended and tally.samples and baked else Verdict.INCONCLUSIVE

    def seen(self, tally: InferenceTally) -> str:
        """In what clips differ, and how fast they were analysed."""
        if tally.fault:
            return tally.fault
        if not tally.samples:
            return f"task {tally.errand.id} analyses the clips" if tally.errand else "no clip analysed yet"
        speed = "" if tally.share is None else f", at {tally.share:.0%} of the running version's speed"
        differs = f": {in_words(tally.problems)}" if tally.problems else ""
        aside = f"; {tally.unheld}" if tally.unheld else ""
        return f"{amount(len(tally.problems), 'difference')} in {amount(tally.samples, 'clip')}{speed}{differs}{aside}"

    def expected(self) -> str:
        """The same persons, angles and findings, as fast."""
        speed = f", at {self.minimum_speed_ratio:.0%} of the running version's speed at least"
        return (
            f"the persons, angles (within {amount(self.maximum_angle_difference, 'degree')}) and findings of "
            f"{self.golden_file}{speed if self.minimum_speed_ratio else ''}"
        )


def _speed(results: tuple[Golden, ...]) -> float:
    """Frames per second over all clips, each counting alike: of the slowest, nothing is hidden by others."""
    return min((result.speed for result in results), default=0.0)
