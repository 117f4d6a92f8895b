# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The gates on labels and age: what an image's config says, and what follows from it. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ..._common.verdict import Verdict, combine
from ..._release.image import parse_release_tag
from ..._release.promotion import GateResult

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..._release.promotion import GateMode
    from .model import AgePolicy, LabelPolicy

REVISION = "org.opencontainers.image.revision"

_TIME = re.compile(r"(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(\.\d{1,12})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)
# Image formats are younger than that: an older date is one that a reproducible build has put there for all images.
_FIRST_YEAR = 2013
_SHOWN = 80


@dataclass(frozen=True, slots=True)
class ConfigReading:
    """The config of one platform's image. ``problem`` says why it is not known; then nothing else is.

    ``labels`` is None when the config has none. ``created`` is the config's own text, empty when it has none.
    """

    image: str
    labels: tuple[tuple[str, str], ...] | None = None
    created: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _Judged:
    verdict: Verdict
    seen: str


def read_config(image: str, content: bytes) -> ConfigReading:
    """What the config *content* says. One that is not what the image specification describes is a problem."""
    try:
        document = json.loads(content, parse_int=_nothing, parse_float=_nothing, parse_constant=_nothing)
    except (ValueError, RecursionError):
        return ConfigReading(image, problem="its config is not JSON")
    if not isinstance(document, dict):
        return ConfigReading(image, problem="its config is not a JSON object")
    created, inner = document.get("created") or "", document.get("config") or {}
    if not isinstance(created, str) or not isinstance(inner, dict):
        return ConfigReading(image, problem="its config is not an image's: `created` or `config` is of the wrong type")
    labels = inner.get("Labels")
    if labels is None:
        return ConfigReading(image, None, created)
    if not _is_labels(labels):
        return ConfigReading(image, problem="its config is not an image's: `config.Labels` must map text to text")
    return ConfigReading(image, tuple(sorted(labels.items())), created)


def _nothing(_number: str) -> None:
    """No number is needed here, and reading one with thousands of digits would take long."""


def _is_labels(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(one, str) for one in value.values())


def assess_labels(
    policy: LabelPolicy, configs: tuple[ConfigReading, ...], *, tags: tuple[str, ...], subject: str
) -> GateResult:
    """The result for an image whose platforms have *configs*, known by the *tags* at both sides."""
    commits = {release.commit for tag in tags if tag and (release := parse_release_tag(tag))}
    judged = [_judge_labels(policy, config, commits) for config in configs]
    if policy.revision_is_tag and not commits:
        named = " and ".join(repr(tag[:_SHOWN]) for tag in dict.fromkeys(tags) if tag)
        judged.append(
            _Judged(
                Verdict.INCONCLUSIVE,
                f"{f'the tag {named}' if named else 'an image without a tag'} names no commit; promote it by a release "
                "tag (<semver>-<40-character commit>), or set revision_is_tag to false",
            )
        )
    return _result("labels", policy.mode, judged, _expected_labels(policy, commits), subject)


def _expected_labels(policy: LabelPolicy, commits: set[str]) -> str:
    wanted = [f"{name}={value}" if value else name for name, value in policy.required]
    if policy.revision_is_tag:
        wanted.append(f"{REVISION}={' and '.join(sorted(commits)) or '<the commit in the tag>'}")
    return f"each platform's image labelled with {', '.join(wanted)}" if wanted else "a readable config"


def _judge_labels(policy: LabelPolicy, config: ConfigReading, commits: set[str]) -> _Judged:
    if config.problem:
        return _Judged(Verdict.ERROR, f"{config.image}: {config.problem}")
    if config.labels is None:
        return _Judged(Verdict.UNHEALTHY, f"{config.image}: it has no labels; set them with LABEL in its Dockerfile")
    labels = dict(config.labels)
    wrong = [text for name, value in policy.required if (text := _wrong(labels, name, value))]
    if policy.revision_is_tag:
        wrong += [text for commit in sorted(commits) if (text := _wrong(labels, REVISION, commit))]
    if wrong:
        return _Judged(Verdict.UNHEALTHY, f"{config.image}: {'; '.join(wrong)}")
    return _Judged(Verdict.HEALTHY, f"{config.image}: {_right(policy, labels)}")


def _wrong(labels: dict[str, str], name: str, value: str) -> str:
    seen = labels.get(name)
    if not seen:
        return f"label {name} is {'missing' if seen is None else 'empty'}"
    return f"label {name} is {seen[:_SHOWN]!r}, not {value!r}" if value and seen != value else ""


def _right(policy: LabelPolicy, labels: dict[str, str]) -> str:
    names = [name for name, _value in policy.required]
    shown = ([f"{REVISION}={labels[REVISION][:_SHOWN]!r}"] if policy.revision_is_tag and REVISION in labels else []) + [
        f"{name}={labels[name][:_SHOWN]!r}" for name in names if name != REVISION
    ]
    return ", ".join(shown) or f"{len(labels)} labels"


def assess_age(policy: AgePolicy, configs: tuple[ConfigReading, ...], *, now: datetime, subject: str) -> GateResult:
    """The result for an image whose platforms have *configs*, at *now*."""
    judged = [_judge_age(policy, config, now) for config in configs]
    limits = [
        f"{words} {hours:g} hours ago"
        for words, hours in (("at least", policy.minimum_hours), ("at most", policy.maximum_hours))
        if hours is not None
    ]
    return _result("age", policy.mode, judged, f"created {' and '.join(limits) or 'at a known time'}", subject)


def _judge_age(policy: AgePolicy, config: ConfigReading, now: datetime) -> _Judged:
    if config.problem:
        return _Judged(Verdict.ERROR, f"{config.image}: {config.problem}")
    if not config.created:
        return _Judged(Verdict.INCONCLUSIVE, f"{config.image}: its config does not say when it was created")
    created = parse_time(config.created)
    if created is None:
        text = f"{config.created[:_SHOWN]!r} is not a time of RFC 3339"
        return _Judged(Verdict.INCONCLUSIVE, f"{config.image}: its config's `created` {text}")
    if created.year < _FIRST_YEAR:
        return _Judged(
            Verdict.INCONCLUSIVE,
            f"{config.image}: created {_show(created)}, the fixed date of a reproducible build, not the time it was "
            "made; build with SOURCE_DATE_EPOCH set to the commit's time, or switch the gate off",
        )
    hours = (now - created).total_seconds() / 3600
    seen = f"{config.image}: created {_show(created)}, "
    if hours < 0:
        return _Judged(Verdict.UNHEALTHY, f"{seen}{-hours:.1f} hours in the future; look at the clocks")
    # Said this way round, a limit that is no number lets nothing through.
    too_young = policy.minimum_hours is not None and not hours >= policy.minimum_hours
    too_old = policy.maximum_hours is not None and not hours <= policy.maximum_hours
    said = f"{hours:.1f} hours ago" + (", too young" if too_young else "") + (", too old" if too_old else "")
    return _Judged(Verdict.UNHEALTHY if too_young or too_old else Verdict.HEALTHY, seen + said)


def _show(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def parse_time(text: str) -> datetime | None:
    """The time that *text* writes as RFC 3339 does, in UTC to the microsecond; None when it does not."""
    match = _TIME.fullmatch(text)
    if not match:
        return None
    day, clock, fraction, zone = match.groups()
    try:
        zone = "+00:00" if zone in ("Z", "z") else zone
        return datetime.fromisoformat(f"{day}T{clock}{(fraction or '.0')[:7].ljust(7, '0')}{zone}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _result(gate: str, mode: GateMode, judged: Iterable[_Judged], expected: str, subject: str) -> GateResult:
    every = list(judged)
    # A platform that passes says little beside one that does not.
    shown = [one.seen for one in every if one.verdict is not Verdict.HEALTHY] or [one.seen for one in every]
    seen = "; ".join(shown[:10]) + (f"; and {len(shown) - 10} more" if len(shown) > 10 else "")
    return GateResult(
        gate=gate,
        mode=mode,
        verdict=combine(one.verdict for one in every),
        seen=seen or "there is no image in it",
        expected=expected,
        subject=subject,
    )
