# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""pip's settings as uv understands them."""

from pathlib import Path

import pytest

from tools.files import ROOT
from tools.pip_settings import cache_folder, parse, translate

LISTING = """\
global.index-url='https://mirror.example/simple'
global.extra-index-url='file:///srv/wheels https://second.example/simple'
install.timeout='60'
:env:.cert='/from/environment.pem'
global.cert='/from/file.pem'
download.index-url='https://only-for-download.example/simple'
"""


def test_the_environment_wins_over_files_wherever_pip_lists_it() -> None:
    assert parse(LISTING)["cert"] == "/from/environment.pem"


def test_sections_of_other_commands_do_not_count() -> None:
    assert parse(LISTING)["index-url"] == "https://mirror.example/simple"


def test_an_index_and_only_remote_extra_indexes_are_handed_on() -> None:
    variables = translate(parse(LISTING), {})
    assert variables["UV_DEFAULT_INDEX"] == "https://mirror.example/simple"
    assert variables["UV_INDEX"] == "https://second.example/simple"


def test_what_the_user_set_for_uv_stays() -> None:
    assert "UV_DEFAULT_INDEX" not in translate(parse(LISTING), {"UV_DEFAULT_INDEX": "https://mine.example"})


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE"])
def test_a_certificate_bundle_of_the_host_is_trusted(name: str, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.pem"
    bundle.touch()
    environment = {name: str(bundle)}
    assert (environment | translate({}, environment))["SSL_CERT_FILE"] == str(bundle)


def test_without_a_bundle_the_systems_store_is_used() -> None:
    assert translate({"cert": "/no/such/file.pem"}, {}) == {"UV_SYSTEM_CERTS": "true"}


def test_uv_keeps_its_cache_where_it_always_does(tmp_path: Path) -> None:
    assert cache_folder({"HOME": str(tmp_path)}) == {}


@pytest.mark.parametrize("variable", ["HOME", "XDG_CACHE_HOME"])
def test_a_home_that_cannot_be_written_to_moves_the_cache_into_the_clone(tmp_path: Path, variable: str) -> None:
    no_folder = tmp_path / "home"
    no_folder.touch()
    assert cache_folder({variable: str(no_folder)}) == {"UV_CACHE_DIR": str(ROOT / ".cache" / "uv")}


def test_a_cache_that_the_user_chose_stays(tmp_path: Path) -> None:
    assert cache_folder({"HOME": "/dev/null", "UV_CACHE_DIR": str(tmp_path)}) == {}


def test_a_home_that_only_seems_to_be_writable_is_none() -> None:
    """Root may write in /proc by its rights, and cannot make a folder there."""
    assert cache_folder({"HOME": "/proc/none"}) == {"UV_CACHE_DIR": str(ROOT / ".cache" / "uv")}
