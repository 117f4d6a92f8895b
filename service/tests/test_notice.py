# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""NOTICE says what the image holds: it is held against the lock and against what the packages say of themselves."""

import re
from importlib.metadata import metadata, version
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parents[1]
NOTICE = " ".join((HERE / "NOTICE").read_text(encoding="utf-8").split())
LOCKED = re.compile(r"^([a-z0-9][a-z0-9._-]*)(?:\[[^\]]*\])?==(\S+)", re.MULTILINE)
PERMISSIVE = ("MIT", "BSD", "Apache", "PSF", "ISC", "0BSD", "Zlib", "Python Software Foundation")
NAMES = {"av": "PyAV", "openvino": "OpenVINO", "psycopg-binary": "psycopg", "scipy": "SciPy"}
"""What NOTICE calls a package, where that is not the package's own name."""


def locked() -> dict[str, str]:
    """The packages of the image and their versions."""
    return dict(LOCKED.findall((HERE / "requirements.lock").read_text(encoding="utf-8")))


def licence(package: str) -> str:
    """What an installed package says its licence is."""
    about = metadata(package)
    classifiers = [line for line in about.get_all("Classifier") or [] if line.startswith("License ::")]
    expression = about.get("License-Expression") or about.get("License") or ""
    return " ".join([expression.partition("\n")[0], *classifiers])


def installed() -> list[str]:
    """Packages of the image that this platform installs."""
    return [name for name in locked() if name not in {"tzdata", "colorama"}]


@pytest.mark.parametrize("package", installed())
def test_the_environment_of_the_tests_holds_what_the_image_holds(package: str) -> None:
    assert version(package) == locked()[package].rstrip(" \\")


@pytest.mark.parametrize("package", installed())
def test_a_licence_that_asks_for_more_than_a_notice_is_named(package: str) -> None:
    told = licence(package)
    if "GPL" in told or not any(word in told for word in PERMISSIVE):
        assert NAMES.get(package, package) in NOTICE, f"NOTICE does not name {package} ({told})"


@pytest.mark.parametrize("name", sorted(NAMES))
def test_packages_that_are_named_are_there(name: str) -> None:
    assert name in locked()
    assert NAMES[name] in NOTICE


def test_what_is_said_to_be_absent_is_absent() -> None:
    assert "without its telemetry package" in NOTICE
    for lock in ("requirements.lock", "requirements-dev.lock"):
        assert "telemetry" not in (HERE / lock).read_text(encoding="utf-8")
    excluded = (HERE / "excluded.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in excluded if not line.startswith("#")] == ["openvino-telemetry"]
