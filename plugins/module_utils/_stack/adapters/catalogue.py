# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an account has before any stack: its availability zones, and certificates of ACM."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..._aws.api import AwsClient

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_MISSING = frozenset({"ResourceNotFoundException"})


class Catalogue:
    """Zones and certificates of an account and region. ``connect`` makes the client of a service."""

    def __init__(self, connect: Callable[[str], Callable[[], Any]]) -> None:
        self._zones = _Zones(connect("ec2"))
        self._certificates = _Certificates(connect("acm"))

    def zones(self) -> Mapping[str, str]:
        """The state of each zone that the account may use, by the zone's name."""
        return self._zones.states()

    def certificate(self, arn: str) -> str | None:
        """The status of a certificate; None when there is none of that ARN."""
        return self._certificates.status(arn)


class _Zones(AwsClient):
    label = "EC2"

    def states(self) -> Mapping[str, str]:
        answer = self._call("list the availability zones", "describe_availability_zones")
        return {item["ZoneName"]: item.get("State", "unknown") for item in answer["AvailabilityZones"]}


class _Certificates(AwsClient):
    label = "ACM"

    def status(self, arn: str) -> str | None:
        answer = self._find(f"read certificate {arn}", "describe_certificate", _MISSING, CertificateArn=arn)
        return None if answer is None else str(answer["Certificate"].get("Status", "unknown"))
