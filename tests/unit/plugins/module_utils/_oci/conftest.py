# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Registries that fail on request, and clients of them."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

import pytest

from tests.registries.faulty import FaultyRegistry
from tests.registries.images import push
from tests.registries.sides import Sides
from tests.registries.tls import Certificate, make_certificate
from tests.unit.plugins.module_utils._oci.case import IMAGE, World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def sides() -> Iterator[Sides]:
    made = Sides()
    yield made
    made.close()


@pytest.fixture
def registry() -> Iterator[FaultyRegistry]:
    """A registry with an image."""
    with FaultyRegistry() as made:
        push(made.host, "a/b", IMAGE, tag="1.0")
        made.clear()
        yield made


@pytest.fixture
def client(registry: FaultyRegistry, sides: Sides) -> Any:
    return sides.connect(registry).registry


@pytest.fixture
def plain() -> Iterator[FaultyRegistry]:
    """An empty registry."""
    with FaultyRegistry() as made:
        yield made


@pytest.fixture(scope="session")
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
def world(tmp_path: Path) -> Iterator[World]:
    sides = Sides()
    with FaultyRegistry() as source, FaultyRegistry() as destination:
        yield World(source, destination, sides, tmp_path / "state")
        sides.close()
