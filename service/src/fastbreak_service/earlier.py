# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Earlier recordings of a player, as the folders of their reports have them."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastbreak_service.forms import fits
from fastbreak_service.movement.baseline import Recording, compared
from fastbreak_service.movement.values import Landing
from fastbreak_service.reporting.document import Document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastbreak_service.movement.values import Moved, Movement
    from fastbreak_service.vision.models import ModelIdentity

_NAMED = re.compile(r"(.+):([1-9][0-9]{0,5})", re.ASCII | re.DOTALL)


class EarlierError(Exception):
    """A folder is nothing that a player can be held against; in words."""


@dataclass(frozen=True, slots=True)
class Against:
    """Whom earlier recordings are of, None: the only one who lands, and these, newest first."""

    player: int | None
    earlier: Sequence[Recording]


def against(player: int | None, told: Sequence[str]) -> Against | None:
    """What folders have, None where none is named. Raises EarlierError."""
    return Against(player, [read(one) for one in told]) if told else None


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
        found = json.loads(place.read_text(encoding="utf-8"))
    except OSError as error:
        raise EarlierError(f"{place} could not be read: {error.strerror}. Name a folder that --out wrote.") from error
    except (ValueError, RecursionError) as error:
        raise EarlierError(f"{place} is no JSON. Name a folder that --out wrote.") from error
    if not fits(found, Document):
        raise EarlierError(
            f"{place} does not have the form of this release's results. Analyse that clip again with this release."
        )
    landings = _landings(found, folder, person)
    return Recording(str(folder), found["origin"]["sha256"], network_of(**found["network"]), landings)


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
        return movement, _nobody(player, landed)
    persons = [
        _compared(moved, against, sha256, network_of(network.name, network.sha256)) if moved.person == player else moved
        for moved in movement.persons
    ]
    return replace(movement, persons=persons), ""


def _compared(moved: Moved, against: Against, sha256: str, network: str) -> Moved:
    landings = [json.loads(json.dumps(asdict(one))) for one in moved.events if isinstance(one, Landing)]
    told = compared(Recording("this one", sha256, network, landings), against.earlier)
    return replace(moved, findings=[*moved.findings, *told.findings], no_baseline=told.missing)


def _nobody(player: int | None, landed: list[int]) -> str:
    if player is not None:
        return f"Nothing was held against the baseline: person {player} does not land in this clip."
    if not landed:
        return "Nothing was held against the baseline: nobody lands in this clip."
    return (
        f"Nothing was held against the baseline: persons {', '.join(map(str, landed))} land in this clip; say with "
        "--player who of them it is of."
    )


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
        return by_person.get(person, [])
    landed = [number for number, landings in by_person.items() if landings]
    if len(landed) > 1:
        listed = ", ".join(map(str, landed))
        raise EarlierError(f"Persons {listed} land in {folder}. Name the player: {folder}:{landed[0]}, or another.")
    return by_person[landed[0]] if landed else []
