# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The promotions of the release table (docs/contracts.md, "Promotion") through boto3; none where there is no table."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Any

from .._aws.api import ApiRefusedError
from .._common.verdict import Verdict
from .._errors import DependencyError, OperationError, UnavailableError
from .promotion import RECORD_PREFIX, GateMode, GateResult, Promotion, promotion_data
from .sequence import SequencedTable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_NO_TABLE = "ResourceNotFoundException"
_COUNTS = ("blobs", "bytes_copied")


def local_user() -> str:
    """The name of the user that runs this, where no account can tell who that is."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


class PromotionsClient(SequencedTable):
    """The promotions of one release table. *caller* tells who we are at the destination."""

    def __init__(self, connect: Callable[[], Any], table: str, caller: Callable[[], str] = local_user) -> None:
        super().__init__(connect, table)
        self._caller = caller

    def caller(self) -> str:
        """Who we are at the destination."""
        return self._caller()

    def promotions(self, service: str) -> tuple[Promotion, ...]:
        """The service's promotions, the newest first, all pages."""
        return tuple(_read_promotion(item) for item in self._promotions(service, {}))

    def find_promotion(self, service: str, digest: str) -> Promotion | None:
        """The newest promotion of *digest*, or None."""
        return next(self._of_digest(service, digest), None)

    def find_promotions(self, service: str, digest: str) -> tuple[Promotion, ...]:
        """All promotions of *digest*, the newest first."""
        return tuple(self._of_digest(service, digest))

    def write_promotion(self, promotion: Promotion) -> None:
        """Append a record, under an id that the table's order gives. Raises OperationError when that cannot be."""
        attempted = f"record the promotion of {promotion.version} in release table {self._table}"
        self._append(attempted, RECORD_PREFIX, promotion_data(promotion))

    def _of_digest(self, service: str, digest: str) -> Iterator[Promotion]:
        found = self._promotions(service, {":digest": digest}, FilterExpression="digest = :digest")
        return map(_read_promotion, found)

    def _promotions(self, service: str, values: Mapping[str, str], **others: Any) -> Iterator[Any]:
        return self._records(f"read the promotions of {service}", service, RECORD_PREFIX, values=values, **others)

    def _call(self, attempted: str, operation: str, **arguments: Any) -> Any:
        try:
            return super()._call(attempted, operation, **arguments)
        except ApiRefusedError as error:
            if error.code != _NO_TABLE:
                raise
            raise DependencyError(
                f"Tried to {attempted}, but release table {self._table} does not exist. Provision component 'service', "
                "or name another table."
            ) from error


class UnrecordedPromotions:
    """Promotions where no release table is given: nothing is recorded, and nothing was."""

    def __init__(self, caller: Callable[[], str] = local_user) -> None:
        self._caller = caller

    def caller(self) -> str:
        """Who we are at the destination."""
        return self._caller()

    def promotions(self, service: str) -> tuple[Promotion, ...]:  # noqa: ARG002 - as the port says
        """None."""
        return ()

    def find_promotion(self, service: str, digest: str) -> Promotion | None:  # noqa: ARG002 - as the port says
        """None."""
        return None

    def find_promotions(self, service: str, digest: str) -> tuple[Promotion, ...]:  # noqa: ARG002 - as the port says
        """None."""
        return ()

    def write_promotion(self, promotion: Promotion) -> None:
        """Raises OperationError: there is nowhere to write it."""
        raise OperationError(
            f"Tried to record the promotion of {promotion.version}, but no release table was named. Set release_table."
        )


def _read_promotion(item: Mapping[str, Any]) -> Promotion:
    names = set(Promotion.__dataclass_fields__)
    known = {key: value for key, value in item.items() if key in names and key not in ("gates", "attachments")}
    try:
        counts = {key: int(known.get(key, 0)) for key in _COUNTS}
        gates = tuple(_read_gate(gate) for gate in item.get("gates", []))
        return Promotion(**{**known, **counts, "gates": gates, "attachments": tuple(item.get("attachments", []))})
    except (TypeError, ValueError, KeyError) as reason:
        raise UnavailableError(
            f"Tried to read promotion {item.get('release_id')} of {item.get('service')}, but its record in the release "
            f"table cannot be understood ({reason!r}). Promote that image again, or look at the record."
        ) from reason


def _read_gate(gate: Mapping[str, Any]) -> GateResult:
    known = {key: value for key, value in gate.items() if key in GateResult.__dataclass_fields__}
    return GateResult(**{**known, "mode": GateMode(gate["mode"]), "verdict": Verdict(gate["verdict"])})
