# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which certificate authorities go into the sandbox's images."""

from pathlib import Path

import pytest

from tools.images._certificates import extra_certificates
from tools.images._errors import ImageError


def pem(body: str, width: int = 64) -> str:
    lines = [body[start : start + width] for start in range(0, len(body), width)]
    return "\n".join(["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""])


STOCK, COMPANY = "c3RvY2s" * 20, "Y29tcGFueQ" * 20


@pytest.fixture
def stock(tmp_path: Path) -> Path:
    directory = tmp_path / "stock"
    directory.mkdir()
    (directory / "root.crt").write_text(pem(STOCK))
    return directory


def test_only_what_debian_does_not_ship_is_extra(tmp_path: Path, stock: Path) -> None:
    bundle = tmp_path / "bundle.pem"
    bundle.write_text("# comment\n" + pem(STOCK, width=76) + pem(COMPANY) + pem(COMPANY))
    assert list(extra_certificates(bundle, stock).values()) == [pem(COMPANY)]


def test_without_a_bundle_nothing_is_extra(stock: Path) -> None:
    assert extra_certificates(None, stock) == {}


def test_a_machine_without_stock_gives_the_whole_bundle(tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.pem"
    bundle.write_text(pem(STOCK) + pem(COMPANY))
    assert len(extra_certificates(bundle, tmp_path / "none")) == 2


@pytest.mark.parametrize("text", ["", "not a certificate", "-----BEGIN CERTIFICATE-----"])
def test_a_bundle_without_certificates_is_refused(tmp_path: Path, stock: Path, text: str) -> None:
    bundle = tmp_path / "bundle.pem"
    bundle.write_text(text)
    with pytest.raises(ImageError, match="holds no PEM certificate"):
        extra_certificates(bundle, stock)


def test_a_bundle_that_is_not_there_is_refused(tmp_path: Path, stock: Path) -> None:
    with pytest.raises(ImageError, match="No such file"):
        extra_certificates(tmp_path / "none.pem", stock)
