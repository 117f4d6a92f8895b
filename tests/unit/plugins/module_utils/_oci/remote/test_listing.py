# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tags and referrers, which come in pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.names import Address

from tests.registries.images import make_referrer, push
from tests.unit.plugins.module_utils._oci.case import IMAGE, NOWHERE

if TYPE_CHECKING:
    from tests.registries.faulty import FaultyRegistry


def test_all_pages_of_tags_are_read(client: Any, registry: FaultyRegistry) -> None:
    for number in range(25):
        registry.store.tags["a/b", f"t{number:02}"] = IMAGE.digest
    registry.page_size = 10
    assert client.list_tags("a/b") == ("1.0", *(f"t{number:02}" for number in range(25)))
    assert registry.count("GET", "/tags/list") == 3
    assert client.list_tags("no/such") is None


@pytest.mark.parametrize(
    "link",
    ['</v2/a/b/tags/list?n=1000>; rel="next"', '<http://198.51.100.1/v2/x>; rel="next"', "<file:///etc>;rel=next"],
)
def test_pages_in_a_circle_or_elsewhere_are_refused(client: Any, registry: FaultyRegistry, link: str) -> None:
    registry.fault("GET", "/tags/list", answer_headers={"Link": link}, times=None)
    with pytest.raises(OperationError, match="circle, to another host"):
        client.list_tags("a/b")
    assert registry.count("GET", "/tags/list") == 1


@pytest.mark.parametrize(
    "link",
    [
        '/v2/a/b/tags/list?n=1000&last=1.0; rel="next"',
        '</v2/a/b/tags/list?last=1.0; rel="next"',
        f'</v2/a/b/tags/list?last={"x" * 9000}>; rel="next"',
        "<>;rel=next;",
    ],
)
def test_a_list_that_goes_on_where_nobody_can_read_it_is_not_taken_for_whole(
    client: Any, registry: FaultyRegistry, link: str
) -> None:
    registry.fault("GET", "/tags/list", answer_headers={"Link": link}, times=None)
    with pytest.raises(OperationError, match="cannot be used"):
        client.list_tags("a/b")


@pytest.mark.parametrize("link", ['</v2/next/app/tags/list?n=1>; rel="last"', "</first>; rel=first", "", "nonsense"])
def test_other_links_are_the_lists_end(client: Any, registry: FaultyRegistry, link: str) -> None:
    registry.fault("GET", "/tags/list", answer_headers={"Link": link}, times=None)
    assert client.list_tags("a/b") == ("1.0",)


def test_the_next_page_may_be_the_second_of_two_links(client: Any, registry: FaultyRegistry) -> None:
    link = '</v2/a/b/tags/list?n=1>; rel="first", </v2/a/b/tags/list?last=0>; rel="next"'
    registry.fault("GET", "/tags/list", answer_headers={"Link": link})
    assert client.list_tags("a/b") == ("1.0",)
    assert [request.path for request in registry.matching("GET", "/tags/list")][1] == "/v2/a/b/tags/list?last=0"


def test_endless_pages_end(client: Any, registry: FaultyRegistry) -> None:
    def more(request: Any) -> None:
        fault.answer_headers = {"Link": f'</v2/a/b/tags/list?after={len(registry.requests)}>; rel="next"'}

    fault = registry.fault("GET", "/tags/list", times=None, hook=more)
    with pytest.raises(OperationError, match="have no end"):
        client.list_tags("a/b")


def test_pages_that_are_too_long_together_are_refused(client: Any, registry: FaultyRegistry) -> None:
    def more(request: Any) -> None:
        fault.answer_headers = {"Link": f'</v2/a/b/tags/list?after={len(registry.requests)}>; rel="next"'}

    body = b'{"tags": []}' + b" " * (7 << 20)
    fault = registry.fault("GET", "/tags/list", times=None, hook=more, answer_body=body)
    with pytest.raises(OperationError, match="are announced"):
        client.list_tags("a/b")
    assert registry.count("GET", "/tags/list") == 10


@pytest.mark.parametrize("body", [b"", b"[]", b'{"tags": 5}', b'{"tags": [1]}', b"\xff", b"[" * 100_000])
def test_garbled_lists_are_refused(client: Any, registry: FaultyRegistry, body: bytes) -> None:
    registry.fault("GET", "/tags/list", answer_body=body)
    with pytest.raises(OperationError, match="cannot be used"):
        client.list_tags("a/b")


def test_all_pages_of_referrers_are_read(client: Any, registry: FaultyRegistry) -> None:
    made = [make_referrer(IMAGE, f"application/x{number}", b"{}") for number in range(5)]
    for artifact in made:
        push(registry.host, "a/b", artifact)
    registry.page_size = 2
    found = client.list_referrers(Address("a/b", IMAGE.digest))
    assert {(artifact.digest, artifact.size, artifact.artifact_type) for artifact in found} == {
        (artifact.digest, len(artifact.content), artifact.artifact_type) for artifact in made
    }
    assert client.list_referrers(Address("a/b", NOWHERE)) == ()


@pytest.mark.parametrize("status", [400, 404, 405, 501])
def test_a_registry_without_referrers_says_none(client: Any, registry: FaultyRegistry, status: int) -> None:
    registry.fault("GET", "/referrers/", status=status)
    assert client.list_referrers(Address("a/b", IMAGE.digest)) is None


def test_a_page_of_html_is_no_referrers_api(client: Any, registry: FaultyRegistry) -> None:
    registry.fault("GET", "/referrers/", status=200, headers={"Content-Type": "text/html"}, body=b"<html>")
    assert client.list_referrers(Address("a/b", IMAGE.digest)) is None


@pytest.mark.parametrize(
    "entry", ["5", "{}", '{"digest": "sha256:0", "size": 1, "mediaType": "x"}', '{"digest": "%s", "mediaType": "x"}']
)
def test_garbled_referrers_are_refused(client: Any, registry: FaultyRegistry, entry: str) -> None:
    body = f'{{"manifests": [{entry.replace("%s", IMAGE.digest)}]}}'.encode()
    registry.fault("GET", "/referrers/", answer_body=body)
    with pytest.raises(OperationError, match="cannot be used"):
        client.list_referrers(Address("a/b", IMAGE.digest))


@pytest.mark.parametrize("entries", ["5", "true", '"abc"', '{"a": 1}', "1.5", "[[]]", "[5]"])
def test_referrers_that_are_no_list_of_objects_are_refused(client: Any, registry: FaultyRegistry, entries: str) -> None:
    registry.fault("GET", "/referrers/", answer_body=f'{{"manifests": {entries}}}'.encode())
    with pytest.raises(OperationError, match="cannot be used"):
        client.list_referrers(Address("a/b", IMAGE.digest))
