# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The certificate authorities that this machine trusts beyond those Debian ships (a company's, a proxy's)."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from tools.images._errors import ImageError

STOCK_DIRECTORY = Path("/usr/share/ca-certificates")
_BUNDLE_VARIABLES = ("EXTRA_CA_CERTS", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----\s+(.+?)\s+-----END CERTIFICATE-----", re.DOTALL)


def extra_certificates(bundle: Path | None, stock_directory: Path = STOCK_DIRECTORY) -> dict[str, str]:
    """PEM text by file name of each certificate in `bundle` that is not in `stock_directory`, ordered by name.

    Where the machine has no stock directory (not Debian), the whole bundle counts as extra.
    """
    if bundle is None:
        return {}
    try:
        text = bundle.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise ImageError(f"Reading extra CA certificates from {bundle} failed: {error.strerror}.") from error
    found = _certificates(text)
    if not found:
        raise ImageError(f"{bundle} holds no PEM certificate ('-----BEGIN CERTIFICATE-----'). Name a PEM bundle.")
    stock: set[str] = set()
    for file in stock_directory.rglob("*.crt"):
        stock |= _certificates(file.read_text(encoding="utf-8", errors="replace")).keys()
    return {f"{key[:16]}.crt": found[key] for key in sorted(found.keys() - stock)}


def default_bundle() -> Path | None:
    """The bundle the environment names, or none."""
    for name in _BUNDLE_VARIABLES:
        if value := os.environ.get(name):
            return Path(value)
    return None


def _certificates(text: str) -> dict[str, str]:
    """PEM text by SHA-256 of the certificate's body, whatever its line breaks."""
    found = {}
    for match in _PEM.finditer(text):
        body = "".join(match.group(1).split())
        lines = [body[start : start + 64] for start in range(0, len(body), 64)]
        pem = "\n".join(["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""])
        found[hashlib.sha256(body.encode()).hexdigest()] = pem
    return found
