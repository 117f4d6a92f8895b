# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""`python -m tools.images`: build the sandbox's own images."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tools.command_line import parser
from tools.images import _engine
from tools.images._build import BASE_IMAGE, POSTGRES_IMAGE, Request, build_base, build_postgres
from tools.images._certificates import default_bundle, extra_certificates
from tools.images._errors import ImageError

if TYPE_CHECKING:
    import argparse

_DESCRIPTION = f"""Build {BASE_IMAGE} (Python 3.13 on Debian trixie) and {POSTGRES_IMAGE}.

An image whose inputs have not changed is left alone. Both are for this machine only: they trust the certificate
authorities that this machine trusts beyond Debian's own, so an image that ships must not be built on them
(label fastbreak.sandbox-only=1). They are caches, which `python -m tools.clean` removes: that costs only the time to
build them again."""


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        _engine.require_engine()
        request = Request(
            source=options.source,
            certificates=extra_certificates(options.extra_ca_certs or default_bundle()),
            force=options.force,
            report=lambda line: print(line, flush=True),
        )
        if options.image == "base":
            build_base(request)
        else:
            build_postgres(request)
    except ImageError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    made = parser("tools.images", _DESCRIPTION)
    made.add_argument(
        "image",
        nargs="?",
        choices=["base", "postgres", "all"],
        default="all",
        help="postgres stands on base, so it builds that too (default: all)",
    )
    made.add_argument(
        "--from",
        dest="source",
        choices=["auto", "pull", "debian"],
        default="auto",
        help="where Python on trixie comes from: a published image, Debian's packages, or the first that works",
    )
    made.add_argument(
        "--extra-ca-certs",
        type=Path,
        metavar="FILE",
        help="PEM bundle to trust inside the images (default: $EXTRA_CA_CERTS, $SSL_CERT_FILE or "
        "$REQUESTS_CA_BUNDLE; certificates that Debian ships are left out)",
    )
    made.add_argument("--force", action="store_true", help="build again although nothing changed")
    return made


if __name__ == "__main__":
    sys.exit(main())
