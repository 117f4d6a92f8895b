# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""One exchange: dead connections, silence, and what is sent and read besides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import UnavailableError
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.names import Address

from tests.registries.images import OCI_MANIFEST
from tests.unit.plugins.module_utils._oci.case import IMAGE, MANIFESTS, raw

if TYPE_CHECKING:
    from tests.registries.faulty import FaultyRegistry
    from tests.registries.sides import Sides


def test_a_connection_that_the_registry_closed_meanwhile_is_replaced_unseen(
    client: Any, registry: FaultyRegistry, sides: Sides
) -> None:
    assert client.find_manifest(Address("a/b", "1.0")) == IMAGE.digest
    registry.cut_all()
    assert client.find_manifest(Address("a/b", "1.0")) == IMAGE.digest
    assert sides.waits.seconds == []


def test_a_registry_that_does_not_answer_is_given_up(registry: FaultyRegistry, sides: Sides) -> None:
    registry.fault("GET", MANIFESTS, delay_seconds=0.3, times=None)
    client = sides.connect(registry, timeout_seconds=0.01).registry
    with pytest.raises(UnavailableError, match="did not answer in time"):
        client.read_manifest(Address("a/b", "1.0"))
    # Waits between its attempts: on a slow machine the registry may not see a connection that was given up so soon.
    assert len(sides.waits.seconds) == 5


def test_it_says_who_it_is(client: Any, registry: FaultyRegistry) -> None:
    client.read_manifest(Address("a/b", "1.0"))
    (request,) = registry.requests
    assert request.headers["user-agent"] == "fastbreak-image-promotion"
    assert OCI_MANIFEST in request.headers["accept"]
    assert "schema1" not in request.headers["accept"]


def test_absurd_headers_do_no_harm(client: Any, registry: FaultyRegistry) -> None:
    registry.fault("GET", MANIFESTS, answer_headers={"Content-Type": "x" * 50_000})
    assert len(client.read_manifest(Address("a/b", "1.0")).media_type) <= 255
    registry.fault("GET", MANIFESTS, answer_headers={"Content-Type": "x" * 70_000}, times=None)
    with pytest.raises(UnavailableError):
        client.read_manifest(Address("a/b", "1.0"))
    registry.faults.clear()
    registry.fault("GET", MANIFESTS, answer_headers={"Content-Length": "-5"})
    assert client.read_manifest(Address("a/b", "1.0")) == raw(IMAGE)
