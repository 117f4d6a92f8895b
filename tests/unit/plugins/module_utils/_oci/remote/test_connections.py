# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""TLS and proxies."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError, UnavailableError
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.names import Address
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.remote.wire import Request

from tests.registries.images import push
from tests.unit.plugins.module_utils._oci.case import IMAGE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.registries.faulty import FaultyRegistry
    from tests.registries.sides import Sides
    from tests.registries.tls import Certificate


def test_certificates_are_verified(secure: FaultyRegistry, sides: Sides, certificate: Certificate) -> None:
    trusted = sides.connect(secure, ca_bundle=str(certificate.ca))
    assert trusted.registry.find_manifest(Address("a/b", "1.0")) == IMAGE.digest
    assert sides.connect(secure, validate_certs=False).registry.find_manifest(Address("a/b", "1.0")) == IMAGE.digest
    with pytest.raises(UnavailableError, match="is not trusted"):
        sides.connect(secure).registry.find_manifest(Address("a/b", "1.0"))
    assert sides.waits.seconds == []


def test_a_ca_bundle_that_is_none_says_so(secure: FaultyRegistry, sides: Sides, tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("no certificate")
    for path in (tmp_path / "empty.pem", tmp_path / "missing.pem"):
        with pytest.raises(RequestError, match="ca_bundle"):
            sides.connect(secure, ca_bundle=str(path)).registry.find_manifest(Address("a/b", "1.0"))


def test_a_proxy_of_the_environment_is_used(
    plain: FaultyRegistry, sides: Sides, monkeypatch: pytest.MonkeyPatch
) -> None:
    push(plain.host, "a/b", IMAGE, tag="1.0")
    plain.clear()
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("http_proxy", f"http://user:p%40ss@{plain.host}")
    assert _reach(sides, "registry.example.com:5000").status == 200
    (request,) = plain.requests
    assert request.path == "http://registry.example.com:5000/v2/a/b/manifests/1.0"
    assert request.headers["host"] == "registry.example.com:5000"
    assert request.headers["proxy-authorization"] == "Basic dXNlcjpwQHNz"


def _reach(sides: Sides, host: str) -> Any:
    http = sides.connect(SimpleNamespace(host=host, url=f"http://{host}")).registry.http
    response = http.ask("try", Request("GET", http.url("/v2/a/b/manifests/1.0")), "a/b")
    response.finish()
    return response


def test_a_proxy_is_left_out_where_the_environment_says_so(
    plain: FaultyRegistry, sides: Sides, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert sides.connect(plain).registry.find_manifest(Address("a/b", "1.0")) is None


def test_a_proxy_of_an_unknown_kind_says_so(
    plain: FaultyRegistry, sides: Sides, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("http_proxy", "socks5://127.0.0.1:9")
    with pytest.raises(RequestError, match="only http:// proxies"):
        sides.connect(plain).registry.find_manifest(Address("a/b", "1.0"))
