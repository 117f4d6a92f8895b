"""TLS, proxies, the pool, and many threads at once."""

from __future__ import annotations

import shutil
import ssl
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    OperationError,
    RequestError,
    UnavailableError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.names import Address
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.remote.connections import Origin, join, origin_of
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.remote.wire import Request

from tests.registries.faulty import FaultyRegistry
from tests.registries.images import make_blob, make_image, push
from tests.registries.relay import Relay
from tests.registries.sides import Sides, descriptor, transfer_between
from tests.registries.tls import Certificate, make_certificate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

IMAGE = make_image([1000])
MIB = 1 << 20


@pytest.fixture
def sides() -> Iterator[Sides]:
    made = Sides()
    yield made
    made.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def secure(certificate: Certificate) -> Iterator[FaultyRegistry]:
    """A registry with TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate, certificate.key)
    with FaultyRegistry(context) as made:
        push(made.host, "a/b", IMAGE, tag="1.0", ca=certificate.ca)
        made.clear()
        yield made


@pytest.fixture
def plain() -> Iterator[FaultyRegistry]:
    with FaultyRegistry() as made:
        yield made


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


def test_https_never_becomes_http(
    secure: FaultyRegistry, plain: FaultyRegistry, sides: Sides, certificate: Certificate, tmp_path: Path
) -> None:
    secure.basic = ("user", "secret")
    login = {"username": "user", "password": "secret", "ca_bundle": str(certificate.ca)}
    side = sides.connect(secure, **login)
    layer = IMAGE.blobs[1]
    secure.fault("GET", "/blobs/", skip=1, times=None, status=307, headers={"Location": f"{plain.url}/x"})
    with pytest.raises(OperationError, match="never from https to http"):
        side.registry.read_blob(Address("a/b", layer.digest), limit_bytes=MIB)
    secure.fault("POST", "/uploads/", status=202, headers={"Location": f"http://127.0.0.2:{plain.host[10:]}/x"})
    plain.push_blob("a/b", b"".join(layer.pieces()))
    with pytest.raises(OperationError, match="no address that may be used"):
        transfer_between(sides.connect(plain), side, tmp_path).copy_blob("a/b", descriptor(layer), "a/b", _nothing)
    challenge = {"WWW-Authenticate": f'Bearer realm="{plain.url}/token"'}
    secure.faults.clear()
    secure.fault("GET", "/manifests/", status=401, headers=challenge, times=None)
    with pytest.raises(UnavailableError, match="no password may be sent"):
        sides.connect(secure, **login).registry.read_manifest(Address("a/b", "1.0"))
    assert [one.path for one in plain.requests if "/v2/" not in one.path] == []


def _nothing(_count: int) -> None:
    """What is not looked at."""


def test_a_proxys_mistake_about_its_own_scheme_is_seen_through(
    secure: FaultyRegistry, plain: FaultyRegistry, sides: Sides, certificate: Certificate, tmp_path: Path
) -> None:
    layer = IMAGE.blobs[1]
    plain.push_blob("a/b", b"".join(layer.pieces()))
    identifier = secure.store.start("c/d")
    location = f"http://{secure.host}/v2/c/d/blobs/uploads/{identifier}"
    secure.fault("POST", "/uploads/", status=202, headers={"Location": location})
    destination = sides.connect(secure, ca_bundle=str(certificate.ca))
    transfer_between(sides.connect(plain), destination, tmp_path).copy_blob("a/b", descriptor(layer), "c/d", _nothing)
    assert ("c/d", layer.digest) in secure.store.blobs


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


def test_many_threads_copy_at_once_over_few_connections(plain: FaultyRegistry, sides: Sides, tmp_path: Path) -> None:
    blobs = [make_blob(20_000 + number) for number in range(60)] + [make_blob(2 * MIB)] * 8
    for blob in blobs:
        plain.push_blob("a/b", b"".join(blob.pieces()))
    with FaultyRegistry() as destination, Relay(destination.host) as relay:
        made = transfer_between(sides.connect(plain), sides.connect(relay), tmp_path / "state")
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda blob: made.copy_blob("a/b", descriptor(blob), "c/d", _nothing), blobs))
        assert len(destination.store.blobs) == 61
        assert relay.connections <= 8
        assert list((tmp_path / "state").iterdir()) == []


def test_a_state_folder_that_vanishes_stops_nothing(plain: FaultyRegistry, sides: Sides, tmp_path: Path) -> None:
    blob = make_blob(3 * MIB)
    plain.push_blob("a/b", b"".join(blob.pieces()))
    warnings: list[str] = []
    with FaultyRegistry() as destination:
        destination.fault(
            "PATCH", "/uploads/", times=None, hook=lambda _request: shutil.rmtree(tmp_path / "state", True)
        )
        made = transfer_between(
            sides.connect(plain), sides.connect(destination), tmp_path / "state", warn=warnings.append
        )
        made.copy_blob("a/b", descriptor(blob), "c/d", _nothing)
        assert ("c/d", blob.digest) in destination.store.blobs
    assert len(warnings) == 1
    assert "begin again" in warnings[0]
