# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names of repositories, tags, digests and platforms, and the digest of bytes."""

from __future__ import annotations

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.names import (
    Address,
    check_address,
    check_digest,
    check_repository,
    digest_of,
    digest_problem,
    is_digest,
    is_repository,
    is_sha256,
    is_tag,
    platform_problem,
    repository_problem,
    shown,
    tag_problem,
)

from tools.files import ROOT

SHA256, SHA512 = "sha256:" + "a1" * 32, "sha512:" + "b2" * 64
REPOSITORIES = ["a", "web", "team/web", "a.b/c_d/e__f/g-h/i--j", "x" * 255]
NO_REPOSITORIES = ["", "Web", "/web", "web/", "a//b", "a/../b", "-a", "a-", "a..b", "a___b", "a b", "x" * 256, "web\n"]
TAGS = ["1", "1.0-x_y", "_", "A", "x" * 128]
NO_TAGS = ["", ".", "-", "a/b", "a:b", "a b", "x" * 129, "1.0\n"]
NO_DIGESTS = ["", "sha256:", "sha256:" + "A1" * 32, "sha256:" + "a" * 63, "sha512:" + "a" * 64, "md5:" + "a" * 32]


@pytest.mark.parametrize("name", REPOSITORIES)
def test_a_repository_has_a_name(name: str) -> None:
    assert is_repository(name)
    assert (repository_problem(name), check_repository(name)) == ("", name)


@pytest.mark.parametrize("name", NO_REPOSITORIES)
def test_what_is_no_repository_is_refused(name: str) -> None:
    assert not is_repository(name)
    with pytest.raises(RequestError, match=r"is no repository.*Correct it"):
        check_repository(name)


@pytest.mark.parametrize("tag", TAGS)
def test_a_tag_is_one(tag: str) -> None:
    assert is_tag(tag)
    assert tag_problem(tag) == ""


@pytest.mark.parametrize("tag", NO_TAGS)
def test_what_is_no_tag_is_said(tag: str) -> None:
    assert not is_tag(tag)
    assert "is no tag" in tag_problem(tag)


def test_digests_are_of_two_kinds() -> None:
    assert [is_digest(text) for text in (SHA256, SHA512)] == [True, True]
    assert [is_sha256(text) for text in (SHA256, SHA512)] == [True, False]
    assert digest_problem(SHA512) == ""


@pytest.mark.parametrize("text", [*NO_DIGESTS, SHA256 + "\n"])
def test_what_is_no_digest_is_refused(text: str) -> None:
    assert not is_digest(text)
    assert not is_sha256(text)
    with pytest.raises(RequestError, match="is no digest"):
        check_digest(text)


@pytest.mark.parametrize(
    ("platform", "good"),
    [("linux/amd64", True), ("linux/arm64/v8", True), ("linux", False), ("Linux/amd64", False), ("a/b/c/d", False)],
)
def test_a_platform_is_an_operating_system_and_an_architecture(platform: str, good: bool) -> None:
    assert (platform_problem(platform) == "") is good


@pytest.mark.parametrize(
    ("reference", "written"), [("1.0", "team/web:1.0"), (SHA256, f"team/web@{SHA256}"), (SHA512, f"team/web@{SHA512}")]
)
def test_an_address_is_written_like_an_image_reference(reference: str, written: str) -> None:
    address = Address("team/web", reference)
    assert str(address) == written
    assert check_address(address) == address


@pytest.mark.parametrize(
    "address", [Address("../web", "1.0"), Address("web", "../1"), Address("web", "sha256:0"), Address("web", "")]
)
def test_an_address_with_tricks_is_refused(address: Address) -> None:
    with pytest.raises(RequestError):
        check_address(address)


def test_a_digest_names_bytes() -> None:
    assert digest_of(b"") == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert is_digest(digest_of(b"a", SHA512))
    assert digest_of(b"a", SHA512).startswith("sha512:")


def test_a_name_is_shown_printable_and_short() -> None:
    assert shown("a\x1b[31m") == r"'a\x1b[31m'"
    assert len(shown("x" * 1000)) < 100


def test_patterns_and_media_types_are_written_down_once() -> None:
    sources = {path.name: path.read_text() for path in (ROOT / "plugins" / "module_utils").rglob("*.py")}
    assert [name for name, text in sources.items() if "sha256:[" in text] == ["names.py"]
    assert [name for name, text in sources.items() if '"application/vnd.' in text] == ["media_types.py"]
