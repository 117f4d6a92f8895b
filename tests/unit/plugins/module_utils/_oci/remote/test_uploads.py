"""A registry's uploads: its addresses and acknowledgements."""

from __future__ import annotations

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError

from tests.registries.faulty import FaultyRegistry
from tests.unit.plugins.module_utils._oci.case import MIB, UPLOADS, World


@pytest.mark.parametrize("said", ["0-99999999", "nonsense", "0-5"])
def test_an_absurd_acknowledgement_does_no_harm(world: World, said: str) -> None:
    world.destination.fault("PATCH", UPLOADS, answer_headers={"Range": said})
    blob = world.hold(3 * MIB)
    try:
        world.copy(blob)
    except OperationError as error:
        assert "acknowledges" in str(error)  # noqa: PT017 (either way is right, nothing else is)
        assert world.destination.store.blobs == {}
    else:
        assert world.has(blob)


def test_an_upload_on_another_host_gets_no_credentials(world: World) -> None:
    world.destination.basic = ("user", "secret")
    with FaultyRegistry() as other:
        identifier = other.store.start("c/d")
        world.destination.fault(
            "POST", UPLOADS, skip=1, status=202, headers={"Location": f"{other.url}/v2/c/d/blobs/uploads/{identifier}"}
        )
        world.copy(world.hold(1000), destination={"username": "user", "password": "secret"})
        assert [one.method for one in other.requests] == ["PUT"]
        assert "authorization" not in other.requests[0].headers


@pytest.mark.parametrize("location", ["", "file:///etc/passwd", "http://u:p@127.0.0.1/x", "http://[", None])
def test_an_upload_without_a_usable_address_is_refused(world: World, location: str | None) -> None:
    world.destination.fault("POST", UPLOADS, answer_headers={"Location": location}, times=None)
    with pytest.raises(OperationError, match="no address"):
        world.copy(world.hold(1000))
