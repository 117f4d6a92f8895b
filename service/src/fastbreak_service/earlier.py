# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Earlier recordings of a player, as the folders of their reports have them."""

from __future__ import annotations

import json
import os
import re
import stat
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastbreak_service.forms import fits
from fastbreak_service.movement.baseline import Recording, compared
from fastbreak_service.movement.values import Landing, Legs
from fastbreak_service.reporting.document import FORM
from fastbreak_service.vision.models import ModelIdentity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastbreak_service.movement.values import Moved, Movement

_NAMED = re.compile(r"(.+):([1-9][0-9]{0,5})", re.ASCII | re.DOTALL)
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_LARGEST = 64 * 1024 * 1024
"""Of a report's `result.json`, in bytes."""


class EarlierError(Exception):
    """A folder is nothing that a player can be held against; in words."""


@dataclass(frozen=True, slots=True)
class Against:
    """Whom earlier recordings are of, None: the only one who lands, and these, newest first."""

    player: int | None
    earlier: Sequence[Recording]


def against(player: int | None, told: Sequence[str]) -> Against | None:
    """What folders have, None where none is named. Several persons of a folder are one player. Raises EarlierError."""
    if not told:
        return None
    found: dict[Path, dict[int | None, Recording]] = {}
    for one in told:
        folder, person = _named(one)
        found.setdefault(folder.resolve(), {})[person] = read(one)
    return Against(player, [_together([*persons.values()]) for persons in found.values()])


def _together(persons: Sequence[Recording]) -> Recording:
    """Persons of one recording as one, each landing once."""
    landings = [landing for one in persons for landing in one.landings]
    return replace(persons[0], landings=[one for place, one in enumerate(landings) if one not in landings[:place]])


def content_of(against: Against) -> dict[str, Any]:
    """The same as JSON has it."""
    return json.loads(json.dumps(asdict(against)))  # type: ignore[no-any-return]


def of_content(content: dict[str, Any]) -> Against:
    """What JSON has of it. Raises KeyError, TypeError, ValueError for what is none of it."""
    earlier = [Recording(**one) for one in content["earlier"]]
    if not all(fits(landing, Landing) for one in earlier for landing in one.landings):
        raise ValueError("against")
    return Against(content["player"], earlier)


def read(told: str) -> Recording:
    """The recording of `FOLDER` or `FOLDER:PERSON`. Raises EarlierError."""
    folder, person = _named(told)
    place = folder / "result.json"
    try:
        found = json.loads(_content(place))
    except OSError as error:
        raise EarlierError(f"{place} could not be read: {error.strerror}. Name a folder that --out wrote.") from error
    except (ValueError, RecursionError) as error:
        raise EarlierError(f"{place} is no JSON. Name a folder that --out wrote.") from error
    if not _is_result(found):
        raise EarlierError(
            f"{place} does not have the form of this release's results. Analyse that clip again with this release."
        )
    landings, sha256 = _landings(found, folder, person), found["origin"]["sha256"]
    return Recording(_label(folder, sha256), sha256, network_of(**found["network"]), landings)


def _content(place: Path) -> bytes:
    """What is in a file that is one: a pipe would be waited for. Raises EarlierError, OSError."""
    with os.fdopen(os.open(place, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
        about = os.fstat(file.fileno())
        if not stat.S_ISREG(about.st_mode) or about.st_size > _LARGEST:
            raise EarlierError(
                f"{place} is no file of at most {_LARGEST // 1024**2} MiB, and so no result. "
                "Name a folder that --out wrote."
            )
        return file.read(_LARGEST)


def _label(folder: Path, sha256: str) -> str:
    """What a report calls an earlier one: no path, for that tells of a machine; the hash tells equal names apart.

    What is no UTF-8, or not printable, becomes a question mark.
    """
    name = folder.resolve().name[:200].encode("utf-8", "replace").decode()
    return f"{''.join(one if one.isprintable() else '?' for one in name)} ({sha256[:8]})"


def _is_result(found: Any) -> bool:
    """Whether it is a result, by all that is read of it. Texts that are not read may be any."""
    try:
        return (
            found["form"] == FORM
            and _SHA256.fullmatch(found["origin"]["sha256"]) is not None
            and fits(found["network"], ModelIdentity)
            and all(fits(one["id"], int) for one in found["persons"])
            and all(fits(moved["person"], int) and _has_landings(moved) for moved in found["movement"]["persons"])
        )
    except (LookupError, TypeError):
        return False


def _has_landings(moved: dict[str, Any]) -> bool:
    return all(event["kind"] != "landing" or fits(event, Landing) for event in moved["events"])


def network_of(name: str, sha256: str) -> str:
    """What tells whether two recordings were counted alike: the network by name, which has its precision, and hash."""
    return f"{name} {sha256}"


def held_against(movement: Movement, against: Against, sha256: str, network: ModelIdentity) -> tuple[Movement, str]:
    """The movement with what differs from the player's own, and in a line why nothing does where nobody was compared.

    `sha256`: of the clip.
    """
    landed = [moved.person for moved in movement.persons if any(isinstance(one, Landing) for one in moved.events)]
    player = against.player if against.player is not None or len(landed) != 1 else landed[0]
    if player not in landed:
        return _none(movement, _nobody(player, landed))
    of_player = next(moved for moved in movement.persons if moved.person == player)
    if not any(isinstance(one, Landing) and one.legs is not Legs.UNKNOWN for one in of_player.events):
        return _none(movement, f"of no landing of person {player} it is known on which legs it is.")
    try:
        told = _compared(of_player, against, sha256, network_of(network.name, network.sha256))
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        why = f"what the earlier reports hold cannot be compared ({type(error).__name__}: {error})."
        return _none(movement, f"{why} Analyse those clips again with this release.")
    persons = [told if moved is of_player else moved for moved in movement.persons]
    return replace(movement, persons=persons), ""


def _compared(moved: Moved, against: Against, sha256: str, network: str) -> Moved:
    landings = [json.loads(json.dumps(asdict(one))) for one in moved.events if isinstance(one, Landing)]
    told = compared(Recording("this one", sha256, network, landings), against.earlier)
    return replace(moved, findings=[*moved.findings, *told.findings], no_baseline=told.missing)


def _none(movement: Movement, why: str) -> tuple[Movement, str]:
    """The movement with the words that nothing was held against the baseline, which are to be told, too."""
    said = f"Nothing was held against the baseline: {why}"
    return replace(movement, no_baseline=said), said


def _nobody(player: int | None, landed: list[int]) -> str:
    if player is not None:
        return f"person {player} does not land in this clip."
    if not landed:
        return "nobody lands in this clip."
    return f"persons {', '.join(map(str, landed))} land in this clip; say with --player who of them it is of."


def _named(told: str) -> tuple[Path, int | None]:
    """A folder and a person. A folder whose own name ends in a colon and a number is that folder."""
    found = _NAMED.fullmatch(told)
    if found is None or Path(told).is_dir():
        return Path(told), None
    return Path(found[1]), int(found[2])


def _landings(found: dict[str, Any], folder: Path, person: int | None) -> list[dict[str, Any]]:
    by_person = {
        moved["person"]: [event for event in moved["events"] if event["kind"] == "landing"]
        for moved in found["movement"]["persons"]
    }
    if person is not None:
        if person not in {one["id"] for one in found["persons"]}:
            raise EarlierError(f"There is no person {person} in {folder}. Look into its report.html for the numbers.")
        if not by_person.get(person):
            raise EarlierError(f"Person {person} does not land in {folder}. Leave that out of --baseline.")
        return by_person[person]
    landed = [number for number, landings in by_person.items() if landings]
    if len(landed) > 1:
        listed = ", ".join(map(str, landed))
        raise EarlierError(f"Persons {listed} land in {folder}. Name the player: {folder}:{landed[0]}, or another.")
    if not landed:
        raise EarlierError(f"Nobody lands in {folder}. Leave it out of --baseline.")
    return by_person[landed[0]]
