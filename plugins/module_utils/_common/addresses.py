# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts are this machine itself."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address


def is_this_machine(host: str) -> bool:
    """Whether *host*, a name or an address without brackets, is this machine whatever a name server says.

    ``localhost`` and names below it are (RFC 6761, 6.3), and addresses of the loopback. Any other name is not.
    """
    name = host.rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return address.is_loopback or address.is_unspecified
