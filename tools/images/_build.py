# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The images: what each is made from, and building it when that has changed."""

from __future__ import annotations

import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tools.clone import CACHE_LABEL, CLONE_LABEL, identity
from tools.images import _engine
from tools.images._rootfs import PUBLISHED_IMAGE, rootfs_image

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

BASE_IMAGE = "fastbreak-sandbox/base:trixie"
POSTGRES_MAJOR = "17"
POSTGRES_IMAGE = f"fastbreak-sandbox/postgres:{POSTGRES_MAJOR}"
LABELS = {
    CLONE_LABEL: identity(),
    # Trusts this machine's certificate authorities: what is published must not be built on it.
    "fastbreak.sandbox-only": "1",
}
_HERE = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class Request:
    """What to build: `source` as in `rootfs_image`, certificates as PEM text by file name."""

    source: str
    certificates: Mapping[str, str]
    force: bool
    report: Callable[[str], None]


def build_base(request: Request) -> str:
    """Build the base image unless it stands; its input hash."""
    wanted = _engine.input_hash(request.source, PUBLISHED_IMAGE, *_files("base"), *request.certificates.values())

    def build() -> None:
        rootfs = rootfs_image(request.source, LABELS, request.report)
        request.report(f"{BASE_IMAGE}: on {rootfs}, with {len(request.certificates)} extra CA certificates")
        with tempfile.TemporaryDirectory(prefix="fastbreak-base-") as directory:
            context = Path(directory) / "context"
            shutil.copytree(_HERE / "base", context)
            authorities = context / "extra-ca"
            authorities.mkdir()
            for name, pem in request.certificates.items():
                (authorities / name).write_text(pem, encoding="utf-8")
            _engine.build(BASE_IMAGE, context, arguments={"ROOTFS": rootfs}, labels=_labels(BASE_IMAGE, wanted))

    _build_when_changed(BASE_IMAGE, wanted, build, request)
    return wanted


def build_postgres(request: Request) -> None:
    """Build the PostgreSQL image, and the base it stands on, unless they stand."""
    wanted = _engine.input_hash(build_base(request), POSTGRES_MAJOR, *_files("postgres"))

    def build() -> None:
        request.report(f"{POSTGRES_IMAGE}: installing PostgreSQL {POSTGRES_MAJOR} from Debian's packages")
        arguments = {"BASE_IMAGE": BASE_IMAGE, "POSTGRES_MAJOR": POSTGRES_MAJOR}
        _engine.build(POSTGRES_IMAGE, _HERE / "postgres", arguments=arguments, labels=_labels(POSTGRES_IMAGE, wanted))

    _build_when_changed(POSTGRES_IMAGE, wanted, build, request)


def _build_when_changed(image: str, wanted: str, build: Callable[[], None], request: Request) -> None:
    if not request.force and _engine.stored_hash(image) == wanted:
        request.report(f"{image}: up to date")
        return
    started = time.monotonic()
    build()
    request.report(f"{image}: built in {time.monotonic() - started:.1f} s")


def _labels(image: str, wanted: str) -> dict[str, str]:
    return {**LABELS, CACHE_LABEL: image, _engine.HASH_LABEL: wanted}


def _files(directory: str) -> list[bytes]:
    return [file.read_bytes() for file in sorted((_HERE / directory).iterdir()) if file.is_file()]
