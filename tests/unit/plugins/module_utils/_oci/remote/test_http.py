# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests: authenticated, renewed, redirected only where it is safe."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError, UnavailableError
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.names import Address

from tests.registries.faulty import FaultyRegistry
from tests.registries.sides import Sides, descriptor, transfer_between
from tests.unit.plugins.module_utils._oci.case import BLOBS, IMAGE, MIB, World, nothing

if TYPE_CHECKING:
    from pathlib import Path

    from tests.registries.tls import Certificate


@pytest.mark.parametrize("sizes", [[1000, 1001, 1002], [5 * MIB]])
def test_tokens_that_expire_on_the_way_are_renewed(world: World, sizes: list[int]) -> None:
    for registry in (world.source, world.destination):
        registry.basic, registry.bearer, registry.token_requests = ("user", "secret"), True, 2
    login = {"username": "user", "password": "secret"}
    source, destination = world.sides.connect(world.source, **login), world.sides.connect(world.destination, **login)
    made = transfer_between(source, destination, world.folder)
    for size in sizes:
        blob = world.hold(size)
        made.copy_blob("a/b", descriptor(blob), "c/d", lambda _count: None)
        assert world.has(blob)
    assert world.destination.count("GET", "/token") >= 3
    assert set(world.destination.token_scopes) == {"repository:c/d:pull,push"}


def test_a_redirect_to_another_host_carries_no_credentials(world: World) -> None:
    world.source.basic = ("user", "secret")
    blob = world.hold(3 * MIB)
    with FaultyRegistry() as storage:
        storage.files["/bucket/object"] = world.source.store.blobs["a/b", blob.digest]
        storage.fault("GET", "/bucket", cut_response_after=MIB)
        world.source.fault(
            "GET", BLOBS, skip=1, times=None, status=307, headers={"Location": f"{storage.url}/bucket/object?signed=1"}
        )
        world.copy(blob, source={"username": "user", "password": "secret"})
        assert world.has(blob)
        assert [request.headers.get("range") for request in storage.requests] == [None, f"bytes={MIB}-"]
        assert all(
            "authorization" not in request.headers and "cookie" not in request.headers for request in storage.requests
        )


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1/x", "http://user:pw@127.0.0.1/x", "//["]
)
def test_a_redirect_elsewhere_is_not_followed(world: World, location: str) -> None:
    world.source.fault("GET", BLOBS, status=307, headers={"Location": location}, times=None)
    with pytest.raises(OperationError, match="not followed"):
        world.copy(world.hold(1000))


def test_redirects_in_a_circle_end(world: World) -> None:
    blob = world.hold(1000)
    world.source.fault("GET", BLOBS, status=307, headers={"Location": f"/v2/a/b/blobs/{blob.digest}"}, times=None)
    with pytest.raises(OperationError, match="redirects more than 5 times"):
        world.copy(blob)
    assert world.source.count("GET", BLOBS) == 6


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
        transfer_between(sides.connect(plain), side, tmp_path).copy_blob("a/b", descriptor(layer), "a/b", nothing)
    challenge = {"WWW-Authenticate": f'Bearer realm="{plain.url}/token"'}
    secure.faults.clear()
    secure.fault("GET", "/manifests/", status=401, headers=challenge, times=None)
    with pytest.raises(UnavailableError, match="no password may be sent"):
        sides.connect(secure, **login).registry.read_manifest(Address("a/b", "1.0"))
    assert [request.path for request in plain.requests if "/v2/" not in request.path] == []


def test_a_proxys_mistake_about_its_own_scheme_is_seen_through(
    secure: FaultyRegistry, plain: FaultyRegistry, sides: Sides, certificate: Certificate, tmp_path: Path
) -> None:
    layer = IMAGE.blobs[1]
    plain.push_blob("a/b", b"".join(layer.pieces()))
    identifier = secure.store.start("c/d")
    location = f"http://{secure.host}/v2/c/d/blobs/uploads/{identifier}"
    secure.fault("POST", "/uploads/", status=202, headers={"Location": location})
    destination = sides.connect(secure, ca_bundle=str(certificate.ca))
    transfer_between(sides.connect(plain), destination, tmp_path).copy_blob("a/b", descriptor(layer), "c/d", nothing)
    assert ("c/d", layer.digest) in secure.store.blobs
