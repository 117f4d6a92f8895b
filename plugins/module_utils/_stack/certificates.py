# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a load balancer and its clients take a certificate, before either is asked. Pure.

Elastic Load Balancing User Guide, "SSL certificates for your Application Load Balancer"; RFC 6125, 6.4.3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from .types import Certificate

_ISSUED = "ISSUED"
_KEYS = ("RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1")


def problem(certificate: Certificate, now: datetime) -> str:
    """Why no listener could use the certificate, as what follows its name; an empty text when it can."""
    if certificate.status != _ISSUED:
        return f"is {certificate.status}, and a load balancer takes only a certificate that is {_ISSUED}"
    # The API's model writes RSA_2048, the service RSA-2048.
    key = certificate.key_algorithm.replace("-", "_")
    if key and key not in _KEYS:
        return f"has a key {key}, and a load balancer takes {', '.join(_KEYS)}"
    if certificate.not_after is not None and certificate.not_after <= now:
        return f"expired at {certificate.not_after:%Y-%m-%d %H:%M %Z}; renew it, or give another"
    if certificate.not_before is not None and certificate.not_before > now:
        return f"is valid only from {certificate.not_before:%Y-%m-%d %H:%M %Z} on; give another until then"
    return ""


def strangers(held: Sequence[str], domain_names: Iterable[str]) -> list[str]:
    """Those of *domain_names* that certificates with the names *held* do not hold, so that no client trusts them."""
    return [name for name in domain_names if not _holds(held, name)]


def _holds(names: Sequence[str], domain_name: str) -> bool:
    """Whether a name is among *names*, in which a star stands for the whole of the first label."""
    wanted = domain_name.casefold()
    first, _dot, rest = wanted.partition(".")
    return any(name.casefold() in {wanted, f"*.{rest}" if first and rest else wanted} for name in names)
