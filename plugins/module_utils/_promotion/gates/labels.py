# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate ``labels``: what each platform's image is labelled with, and whether that is the commit in the tag."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from ..._common.amount import amount
from ..._common.given import text_problem
from ..._common.verdict import Verdict
from ..._release.image import parse_release_tag
from .model import SHOWN, Gate, Judgement, of_platforms

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..._common.time_span import TimeSpan
    from ..values import SourceImage
    from .model import Options
    from .subject import ConfigReading, Subject

REVISION = "org.opencontainers.image.revision"


@dataclass(frozen=True, slots=True)
class LabelPolicy:
    """Labels that must exist, with the value unless empty; ``revision_is_tag``: revision and tag name one commit."""

    required: tuple[tuple[str, str], ...] = ()
    revision_is_tag: bool = True


class Labels(Gate[LabelPolicy, "tuple[ConfigReading, ...]"]):
    """The labels that are asked for, on each platform's image."""

    name = "labels"
    options: ClassVar[Options] = {
        "required": {"type": "dict", "default": {}},
        "revision_is_tag": {"type": "bool", "default": True},
    }

    def problems(self, options: Options) -> Iterator[str]:
        """Values that are no text, or a gate that nothing could fail."""
        place = "gates.labels.required"
        for name, value in options["required"].items():
            if not isinstance(name, str) or not name.strip():
                yield f"{place} names the label {name!r}; a label's name is text, write it in quotes"
            elif value is None:
                yield f"{place}.{name} has no value (null); write '' to let it have any"
            elif problem := text_problem(f"{place}.{name}", value):
                yield problem
        if not options["required"] and not options["revision_is_tag"]:
            yield (
                "gates.labels requires no label and has revision_is_tag: false, so that nothing could fail; name a "
                "label in required, or leave the gate out"
            )

    def read(self, options: Options) -> LabelPolicy:
        """The labels; where the text is empty, any value will do."""
        return LabelPolicy(tuple(options["required"].items()), options["revision_is_tag"])

    def measure(self, _policy: LabelPolicy, subject: Subject) -> tuple[ConfigReading, ...]:
        """The config of each platform's image."""
        return subject.configs

    def assess(
        self, policy: LabelPolicy, measured: tuple[ConfigReading, ...], image: SourceImage, _now: TimeSpan
    ) -> Judgement:
        """Each platform's labels. With ``revision_is_tag`` an image whose tags name no commit does not pass."""
        commits = _commits(image)
        judged = [_judge(policy, config, commits) for config in measured]
        if policy.revision_is_tag and not commits:
            judged.append(_without_commit(image))
        return of_platforms(judged)

    def expect(self, policy: LabelPolicy, image: SourceImage) -> str:
        """The labels in words."""
        wanted = [f"{name}={value}" if value else name for name, value in policy.required]
        if policy.revision_is_tag:
            wanted.append(f"{REVISION}={' and '.join(_commits(image)) or '<the commit in the tag>'}")
        return f"each platform's image labelled with {', '.join(wanted)}" if wanted else "a readable config"


def _tags(image: SourceImage) -> list[str]:
    """The tags that the image has at both sides."""
    return [tag for tag in dict.fromkeys((image.request.tag, image.request.destination_tag)) if tag]


def _commits(image: SourceImage) -> list[str]:
    return sorted({release.commit for tag in _tags(image) if (release := parse_release_tag(tag))})


def _without_commit(image: SourceImage) -> Judgement:
    named = " and ".join(repr(tag[:SHOWN]) for tag in _tags(image))
    return Judgement(
        Verdict.INCONCLUSIVE,
        f"{f'the tag {named}' if named else 'an image without a tag'} names no commit; promote it by a release "
        "tag (<semver>-<40-character commit>), or set revision_is_tag to false",
    )


def _judge(policy: LabelPolicy, config: ConfigReading, commits: list[str]) -> Judgement:
    if config.problem:
        return Judgement(Verdict.ERROR, f"{config.image}: {config.problem}")
    if config.labels is None:
        return Judgement(Verdict.UNHEALTHY, f"{config.image}: it has no labels; set them with LABEL in its Dockerfile")
    labels = dict(config.labels)
    wrong = [text for name, value in policy.required if (text := _wrong(labels, name, value))]
    if policy.revision_is_tag:
        wrong += [text for commit in commits if (text := _wrong(labels, REVISION, commit))]
    if wrong:
        return Judgement(Verdict.UNHEALTHY, f"{config.image}: {'; '.join(wrong)}")
    return Judgement(Verdict.HEALTHY, f"{config.image}: {_right(policy, labels)}")


def _wrong(labels: dict[str, str], name: str, value: str) -> str:
    seen = labels.get(name)
    if not seen:
        return f"label {name} is {'missing' if seen is None else 'empty'}"
    return f"label {name} is {seen[:SHOWN]!r}, not {value!r}" if value and seen != value else ""


def _right(policy: LabelPolicy, labels: dict[str, str]) -> str:
    names = [name for name, _value in policy.required]
    shown = ([f"{REVISION}={labels[REVISION][:SHOWN]!r}"] if policy.revision_is_tag and REVISION in labels else []) + [
        f"{name}={labels[name][:SHOWN]!r}" for name in names if name != REVISION
    ]
    return ", ".join(shown) or amount(len(labels), "label")
