# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a registry is reached."""

from __future__ import annotations

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.remote.origin import Origin, join, origin_of


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://a", Origin("http", "a", 80)),
        ("https://A:444/x?y", Origin("https", "a", 444)),
        ("https://[::1]:5/", Origin("https", "::1", 5)),
        ("https://u:p@a/", None),
        ("https://@a/", None),
        ("file:///x", None),
        ("http:///x", None),
        ("http://a:b", None),
        ("http://a:99999", None),
        ("http://a:0", None),
        ("http://[", None),
        ("", None),
    ],
)
def test_an_origin_is_scheme_host_and_port(url: str, expected: Origin | None) -> None:
    assert origin_of(url) == expected
    if expected:
        assert origin_of(str(expected)) == expected


def test_a_garbled_location_leads_nowhere() -> None:
    assert join("http://a/b", "//[") == ""
    assert join("http://a/b", "c?d=e") == "http://a/c?d=e"
