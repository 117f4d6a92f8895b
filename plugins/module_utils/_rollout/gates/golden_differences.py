# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""In what a release finds other things in known clips than it has to. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._common.amount import amount
from .golden import VALUES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from .golden import Finding, Golden, Moment, Seen

# Another processor moves a person's first or last frame by some.
_FRAMES, _FRAMES_SHARE = 3, 0.05
# Of the seconds that a kind of event was looked for: as many as persons may be seen for less, and never one person's
# out of many, who may be seen in every frame and yet not be looked at.
_SECONDS, _SECONDS_SHARE, _SECONDS_SHARE_OF_ONE = 1.0, 0.1, 0.5
_SHOWN = 3


def other_models(golden: Iterable[Golden], models: Mapping[str, str]) -> str:
    """The member by which *golden* is of other networks than *models*, in words; empty when it is of the same."""
    for result in golden:
        for name in sorted({*result.models, *models}):
            kept, there = result.models.get(name, "none"), models.get(name, "none")
            if kept != there:
                return f"models.{name} of {result.clip} is {kept[:12]}, where the release has {there[:12]}"
    return ""


def differences(golden: Golden, found: Golden | None, degrees: float) -> Iterator[str]:
    """In what *found* differs from *golden* by more than numbers of another processor do."""
    if found is None:
        yield f"{golden.clip} was not analysed"
        return
    if problem := other_models((golden,), found.models):
        yield problem
    if len(found.persons) != len(golden.persons):
        yield f"{golden.clip}: {amount(len(found.persons), 'person')}, where {len(golden.persons)} are expected"
    else:
        for number, (wanted, seen) in enumerate(zip(golden.persons, found.persons, strict=True), 1):
            for difference in _of_person(wanted, seen, degrees):
                yield f"{golden.clip}: person {number} {difference}"
    for difference in (*_of_events(golden, found), *_of_looked(golden, found), *_of_findings(golden, found, degrees)):
        yield f"{golden.clip}: {difference}"


def unheld(golden: Iterable[Golden], found: Iterable[Golden]) -> str:
    """The kinds of events that *golden* says nothing of, in words; empty when it says something of all."""
    by_clip = {result.sha256: result for result in found}
    pairs = [(wanted, by_clip[wanted.sha256]) for wanted in golden if wanted.sha256 in by_clip]
    kinds = {kind for wanted, seen in pairs if wanted.events is not None for kind in seen.kinds - wanted.kinds}
    untimed = {
        kind
        for wanted, seen in pairs
        if wanted.events is not None
        for kind in (wanted.kinds & seen.looked.keys()) - wanted.looked.keys()
    }
    told = [
        f"{_listed(f'{kind}s' for kind in names)} {words}"
        for names, words in (
            (kinds, "are not compared, as the golden file was made by a version that looked for none"),
            (untimed, "are not compared by for how long they were looked for, as the golden file does not say it"),
        )
        if names
    ]
    return f"{'; '.join(told)}; make it again" if told else ""


def in_words(problems: Iterable[str]) -> str:
    """The first of *problems*, and how many more there are."""
    every = tuple(problems)
    more = len(every) - _SHOWN
    return "; ".join(every[:_SHOWN]) + (f"; and {more} more" if more > 0 else "")


def _of_person(wanted: Seen, seen: Seen, degrees: float) -> Iterator[str]:
    for name in ("frames", "first_frame", "last_frame"):
        kept, there = getattr(wanted, name), getattr(seen, name)
        if abs(kept - there) > max(_FRAMES, _FRAMES_SHARE * wanted.frames):
            yield f"has {name} {there}, where {kept} is expected"
    for angle in sorted({*wanted.angles, *seen.angles}):
        if angle not in seen.angles or angle not in wanted.angles:
            yield f"has {'no' if angle not in seen.angles else 'an unexpected'} {angle}"
            continue
        for value, kept, there in zip(VALUES, wanted.angles[angle], seen.angles[angle], strict=True):
            if abs(kept - there) > degrees:
                yield f"has {angle} {value} {there:.1f}, where {kept:.1f} is expected"


def _of_events(golden: Golden, found: Golden) -> Iterator[str]:
    """Of the kinds that both versions look for; a golden file says nothing of later ones (`unheld`)."""
    if golden.events is None or found.events is None:
        yield from _only_one_looks("events", golden.events, found.events)
        return
    for kind in sorted(golden.kinds - found.kinds):
        yield from _only_one_looks(f"{kind}s", golden.kinds, None)
    both = golden.kinds & found.kinds
    wanted, seen = (tuple(event for event in line.events or () if event.kind in both) for line in (golden, found))
    if len(wanted) != len(seen):
        kinds = sorted({event.kind for event in (*wanted, *seen)})
        yield f"{_counted(seen, kinds)}, where {_counted(wanted, kinds)} are expected"
        return
    for kept, there in zip(wanted, seen, strict=True):
        same = (kept.person, kept.kind, kept.legs) == (there.person, there.kind, there.legs)
        if not same or abs(kept.frame - there.frame) > _FRAMES:
            yield f"{_moment_in_words(there)}, where {_moment_in_words(kept)} is expected"


def _of_looked(golden: Golden, found: Golden) -> Iterator[str]:
    """Kinds that were looked for in less of the clip, or in nobody knows how much: none found is then no proof.

    Of what a golden file says nothing of, `unheld` does.
    """
    kinds = golden.looked.keys() & found.kinds if found.events is not None else ()
    for kind in sorted(kinds):
        wanted, there = golden.looked[kind], found.looked.get(kind)
        expected = f"where {wanted:.1f} s are expected"
        if there is None:
            yield f"the release does not say for how long {kind}s were looked for (looked_seconds), {expected}"
        elif wanted - there > _less(wanted, len(golden.persons)):
            yield f"{kind}s were looked for in {there:.1f} s, {expected}"


def _less(seconds: float, persons: int) -> float:
    """For how much less a kind may be looked for that was looked for in so many *seconds* of all *persons*."""
    of_one = _SECONDS_SHARE_OF_ONE * seconds / max(1, persons)
    return max(_SECONDS, min(_SECONDS_SHARE * seconds, of_one))


def _counted(moments: tuple[Moment, ...], kinds: Iterable[str]) -> str:
    return _listed(amount(sum(moment.kind == kind for moment in moments), kind) for kind in kinds)


def _listed(words: Iterable[str]) -> str:
    *first, last = sorted(words, key=lambda word: word.split()[-1])
    return f"{', '.join(first)} and {last}" if first else last


def _moment_in_words(moment: Moment) -> str:
    legs = f" (legs: {moment.legs})" if moment.legs else ""
    return f"{moment.kind} of person {moment.person} in frame {moment.frame}{legs}"


def _of_findings(golden: Golden, found: Golden, degrees: float) -> Iterator[str]:
    if golden.findings is None or found.findings is None:
        yield from _only_one_looks("findings", golden.findings, found.findings)
        return
    wanted, seen = _by_measure(golden.findings), _by_measure(found.findings)
    for key in sorted({*wanted, *seen}):
        name = f"{key[1]} ({key[2]}) of person {key[0]}"
        kept, there = wanted.get(key, ()), seen.get(key, ())
        for one, other in zip(kept, there, strict=False):
            if problem := _of_finding(one, other, degrees):
                yield f"{name} {problem}"
        if len(kept) != len(there):
            yield f"{'no' if len(there) < len(kept) else 'an unexpected'} finding of {name} by {key[3]}"


def _by_measure(findings: tuple[Finding, ...]) -> dict[tuple[int, str, str, str], tuple[Finding, ...]]:
    found: dict[tuple[int, str, str, str], tuple[Finding, ...]] = {}
    for one in findings:
        key = one.person, one.measure, one.side, one.reference
        found[key] = (*found.get(key, ()), one)
    return found


def _of_finding(wanted: Finding, seen: Finding, degrees: float) -> str:
    """In what two findings of one measure differ; empty when they do not."""
    if seen.status != wanted.status:
        return f"is {seen.status}, where {wanted.status} is expected"
    if len(seen.shown) != len(wanted.shown):
        return f"was measured {amount(len(seen.shown), 'time')}, where {len(wanted.shown)} are expected"
    for (kept_frame, kept), (frame, value) in zip(wanted.shown, seen.shown, strict=True):
        if abs(kept - value) > degrees or abs(kept_frame - frame) > _FRAMES:
            return f"is {value:.1f} in frame {frame}, where {kept:.1f} in frame {kept_frame} is expected"
    return ""


def _only_one_looks(name: str, wanted: object, seen: object) -> Iterator[str]:
    """Where one of two versions looks for none."""
    if wanted is not None:
        yield f"the release looks for no {name}, where some were looked for when the golden file was made"
    elif seen:
        yield f"the golden file was made by a version that looked for no {name}; make it again with one that does"
