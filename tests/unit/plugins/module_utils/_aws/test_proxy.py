# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The proxy that the environment names; what is wrong with it is said without its password."""

from __future__ import annotations

import base64

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._aws.proxy import (
    Proxy,
    check_proxy,
    proxy_for,
    read_proxy,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError

REGISTRY = "https://registry.example"


def login(text: str) -> dict[str, str]:
    return {"Proxy-Authorization": f"Basic {base64.b64encode(text.encode()).decode()}"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("http://proxy:3128", Proxy("proxy", 3128)),
        ("proxy:3128", Proxy("proxy", 3128)),
        ("http://proxy/", Proxy("proxy", 80)),
        ("http://[::1]:8080", Proxy("::1", 8080)),
        ("http://me:s%2Fcret@proxy:3128", Proxy("proxy", 3128, login("me:s/cret"))),
        ("http://me:s@cret@proxy:3128", Proxy("proxy", 3128, login("me:s@cret"))),
        ("http://me@proxy", Proxy("proxy", 80, login("me:"))),
    ],
)
def test_a_proxy_is_a_host_with_an_optional_login(value: str, expected: Proxy) -> None:
    assert read_proxy("HTTPS_PROXY", value, REGISTRY) == expected


@pytest.mark.parametrize(
    "value",
    [
        "http://me:sec/ret@proxy:3128",
        "http://me:sec#ret@proxy:3128",
        "http://me:sec?ret@proxy:3128",
        "http://me:12/secret@proxy:3128",
        "http://me:12#secret@proxy:3128",
        "http://me:secret@proxy:port",
        "http://me:secret@proxy:99999",
        "http://me:secret@proxy:0",
        "http://me:secret@[proxy:3128",
        "http://me:secret@pro\u2100xy:3128",
        "http://me:secret@",
        "http://me:secret@pro xy:3128",
        "http://me:secret@pro\x7fxy:3128",
        "http://me:secret@pro..xy:3128",
        "http://me:secret@pro\udcffxy:3128",
        "http://me:secret\udcff@proxy:3128",
        f"http://me:secret@{'x' * 64}:3128",
        "https://me:secret@proxy:3128",
        "socks5://me:secret@proxy:1080",
        "me:secret@proxy:x",
        "http:/me:secret@proxy:3128",
    ],
)
def test_a_proxy_that_cannot_be_used_is_named_without_its_login(value: str) -> None:
    with pytest.raises(RequestError, match="HTTPS_PROXY") as raised:
        read_proxy("HTTPS_PROXY", value, REGISTRY)
    said = str(raised.value)
    assert "registry.example" in said
    assert not any(word in said for word in ("secret", "sec/", "ret@", "me:", "12"))
    assert raised.value.__suppress_context__ or raised.value.__context__ is None


def test_the_environment_names_it_unless_it_leaves_the_host_out(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    assert proxy_for(REGISTRY) is None
    monkeypatch.setenv("all_proxy", "proxy:1")
    assert proxy_for(REGISTRY) == Proxy("proxy", 1)
    monkeypatch.setenv("https_proxy", "proxy:2")
    assert proxy_for(REGISTRY) == Proxy("proxy", 2)
    check_proxy(REGISTRY)
    # Another kind is for others to use, as long as it can be read.
    monkeypatch.setenv("https_proxy", "https://me:secret@proxy:2")
    check_proxy(REGISTRY)
    monkeypatch.setenv("https_proxy", "http://me:sec/ret@proxy:2")
    for look in (check_proxy, proxy_for):
        with pytest.raises(RequestError, match="no URL") as raised:
            look(REGISTRY)
        assert "sec" not in str(raised.value)
    monkeypatch.setenv("no_proxy", "registry.example")
    check_proxy(REGISTRY)
    assert proxy_for(REGISTRY) is None
