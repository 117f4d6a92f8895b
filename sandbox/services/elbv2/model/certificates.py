# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Certificates that listeners serve, from whichever service keeps them."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Served:
    """What a listener needs of a certificate: the names in it, the chain and the private key in PEM."""

    names: tuple[str, ...]
    chain: str
    key: str

    def covers(self, host: str) -> bool:
        """Whether one of the names is the host's; `*` stands for its first label."""
        wildcard = f"*.{host.partition('.')[2]}"
        return any(name.lower() in {host.lower(), wildcard.lower()} for name in self.names)


@dataclass
class Certificates:
    """`find` answers what a listener at an address serves for a certificate's ARN; None when there is none."""

    find: Callable[[str, str], Served | None] = lambda _arn, _address: None


certificates = Certificates()
"""The one that the service which keeps them fills in."""
