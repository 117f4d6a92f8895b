# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module's options as a request. Checks across options are made here; nothing is asked of the world."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .._errors import RequestError
from .._oci.docker_hub import DOCKER_HUB, canonical_registry, repository_at, without_hub
from .._oci.names import digest_problem, platform_problem, repository_problem, shown, tag_problem, without_registry
from .gates.table import read_gates
from .predicate_options import predicate_problems, read_predicates
from .sign_options import sign_problems
from .values import AttachmentsMode, ImageRequest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .gates.model import ConfiguredGate
    from .predicate_options import Predicate

    Options = Mapping[str, Any]

_MAXIMUM_CONCURRENCY = 64
_MINIMUM_CHUNK_BYTES = 64 << 10
#: A day. The system's own timers take no time without end.
_MAXIMUM_TIMEOUT_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class PromotionRequest:
    """What the module was asked to do. ``service`` empty: nothing is recorded in a release table."""

    images: tuple[ImageRequest, ...]
    gates: tuple[ConfiguredGate, ...] = ()
    attachments: AttachmentsMode = AttachmentsMode.REQUIRED
    allow_digest_change: bool = False
    attest: bool = True
    sign: bool = False
    predicates: tuple[Predicate, ...] = ()
    service: str = ""
    concurrency: int = 16


def build_request(options: Options, entries: Sequence[tuple[str, Options]]) -> PromotionRequest:
    """The request that *options* stand for.

    *entries* are the images that were named, each with what to call it in a message. Raises RequestError that says of
    each option that is wrong why.
    """
    source, destination = (options[side]["registry"] for side in ("source", "destination"))
    images = [(place, image) for place, entry in entries for image in _images(entry, source, destination)]
    gates, problems = read_gates(options["gates"] or {})
    repeated = [place + problem for place, entry in entries for problem in _repeated(entry, source, destination)]
    wrong = [place + problem for place, entry in entries for problem in _entry_problems(entry)]
    problems = list(
        dict.fromkeys(
            [
                *repeated,
                *wrong,
                *([] if repeated else _image_problems(images)),
                *problems,
                *_made_problems(options, images),
                *_number_problems(options),
            ]
        )
    )
    if problems:
        raise RequestError(
            "Promoting was refused because of the options; nothing was asked and nothing was changed: "
            + " ".join(f"({number}) {problem}." for number, problem in enumerate(problems, 1)),
            problems=problems,
        )
    return PromotionRequest(
        images=tuple(image for _place, image in images),
        gates=gates,
        attachments=AttachmentsMode(options["attachments"]),
        allow_digest_change=options["allow_digest_change"],
        attest=options["attest"],
        sign=options["sign"] is not None,
        predicates=read_predicates(options["predicates"]),
        service=options["service"] or "",
        concurrency=options["concurrency"],
    )


def named_images(options: Options) -> list[tuple[str, Options]]:
    """The images that the options themselves name, each with what to call it in a message."""
    if options["images"] is None:
        return [("", options)] if options["repository"] else []
    return [(f"images[{number}]: ", entry) for number, entry in enumerate(options["images"])]


def _images(entry: Options, source: str, destination: str) -> list[ImageRequest]:
    """The image of an entry, between registries of these hosts: once for each tag that it gets."""
    tag, repository = entry["tag"] or "", entry["repository"]
    goal = entry["destination_repository"] or (
        without_hub(repository) if canonical_registry(source) == DOCKER_HUB else repository
    )
    return [
        ImageRequest(
            repository=repository_at(source, repository),
            destination_repository=repository_at(destination, goal),
            tag=tag,
            digest=entry["digest"] or "",
            destination_tag=destination_tag,
            platforms=tuple(entry["platforms"] or ()),
        )
        for destination_tag in entry["tags"] or [entry["destination_tag"] or tag]
    ]


def _entry_problems(entry: Options) -> Iterator[str]:
    for name, meaning in (("platforms", "to promote all"), ("tags", "for the tag at the source")):
        if entry[name] == []:
            yield f"{name} is empty; leave it out {meaning}"
    if entry["tags"] and entry["destination_tag"]:
        yield "both 'tags' and 'destination_tag' are given; name all tags at the destination by 'tags'"


def _repeated(entry: Options, source: str, destination: str) -> Iterator[str]:
    """Repositories that begin with the registry that they lie at; the names of Docker Hub may stand there."""
    given, goal = entry["repository"], entry["destination_repository"]
    if bare := without_registry(source, given):
        yield f"repository {shown(given)} repeats the registry {source}; write {bare}"
    elif not goal and (bare := without_registry(destination, given)):
        yield f"repository {shown(given)} repeats the registry {destination}; give destination_repository: {bare}"
    if goal and (bare := without_registry(destination, goal)):
        yield f"destination_repository {shown(goal)} repeats the registry {destination}; write {bare}"


def _image_problems(images: Sequence[tuple[str, ImageRequest]]) -> Iterator[str]:
    if not images:
        yield "no image is named; name one by 'repository' with 'tag' or 'digest', or several by 'images'"
    taken: dict[tuple[str, str], str] = {}
    for place, image in images:
        for problem in _name_problems(image):
            yield place + problem
        target = (image.destination_repository, image.destination_tag or image.digest)
        if target in taken:
            yield f"{place}goes to {':'.join(target)}, where {taken[target]} goes already; name each destination once"
        taken.setdefault(target, place.removesuffix(": ") or "it")


def _name_problems(image: ImageRequest) -> Iterator[str]:
    if not image.tag and not image.digest:
        yield f"{image.repository} is named without 'tag' and 'digest'; name one, or both"
    yield from filter(
        None, (repository_problem(image.repository), digest_problem(image.digest) if image.digest else "")
    )
    if image.destination_repository != image.repository and (wrong := repository_problem(image.destination_repository)):
        yield f"destination_repository: {wrong}"
    if image.tag and (wrong := tag_problem(image.tag)):
        yield wrong
    if image.destination_tag not in ("", image.tag) and (wrong := tag_problem(image.destination_tag)):
        yield f"destination_tag: {wrong}"
    yield from filter(None, map(platform_problem, image.platforms))
    if len(set(image.platforms)) != len(image.platforms):
        yield f"platforms names one twice ({', '.join(image.platforms)})"


def _made_problems(options: Options, images: Sequence[tuple[str, ImageRequest]]) -> Iterator[str]:
    """What is wrong with what is to be made of the images: signatures and statements."""
    if options["sign"] is not None:
        yield from sign_problems(options["sign"])
    different = {(image.repository, image.tag, image.digest) for _place, image in images}
    yield from predicate_problems(options["predicates"], images=len(different))


def _number_problems(options: Options) -> Iterator[str]:
    if not 1 <= options["concurrency"] <= _MAXIMUM_CONCURRENCY:
        yield f"concurrency is {options['concurrency']}; it must be 1 to {_MAXIMUM_CONCURRENCY}"
    if options["chunk_bytes"] < _MINIMUM_CHUNK_BYTES:
        yield f"chunk_bytes is {options['chunk_bytes']}; it must be at least {_MINIMUM_CHUNK_BYTES} (64 KiB)"
    if not 0 < options["request_timeout_seconds"] <= _MAXIMUM_TIMEOUT_SECONDS:
        yield (
            f"request_timeout_seconds is {options['request_timeout_seconds']:g}; it must be above 0, and at most "
            f"{_MAXIMUM_TIMEOUT_SECONDS} (a day)"
        )
