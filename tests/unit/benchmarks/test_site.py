# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the benchmark of site releases publishes, and what its visitors call a failure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from benchmarks.promotion.proxy import Head
from benchmarks.site import __main__ as site
from benchmarks.site import build, ways
from benchmarks.site.visitors import OPEN_FOR, Visits

if TYPE_CHECKING:
    from pathlib import Path

SITE = ways.Site("dist", "bucket", "E1")


def test_a_release_changes_a_few_assets_by_name_and_its_page(tmp_path: Path) -> None:
    first, second = build.contents(0), build.contents(1)
    assert len(set(first) - set(second)) == build.CHANGING
    assert first["index.html"] != second["index.html"]
    build.write(tmp_path, 0)
    build.write(tmp_path, 1)
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()} == set(second)


class Server:
    """Answers with the files that it holds."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.visits = Visits(self.ask)

    def ask(self, path: str) -> tuple[int, bytes]:
        name = path.removeprefix("/") or "index.html"
        return (200, self.files[name]) if name in self.files else (404, b"")

    def visit(self, release: int, *, keeps: bool = True) -> dict[str, int]:
        """What failed up to now, after a visit to *release*."""
        self.files = {**(self.files if keeps else {}), **build.contents(release)}
        self.visits.visit()
        return dict(self.visits.failures)


def test_a_site_that_keeps_old_assets_fails_nobody() -> None:
    server = Server()
    assert [server.visit(release) for release in range(5)] == [{}] * 5
    assert server.visits.opened == 5


def test_an_open_page_whose_part_was_deleted_is_a_failure() -> None:
    server = Server()
    for release in range(OPEN_FOR):
        assert server.visit(release, keeps=False) == {}
    assert server.visit(OPEN_FOR, keeps=False) == {"an open page whose part is gone": 1}


@pytest.mark.parametrize("body", [None, b"other"])
def test_a_page_that_names_what_is_not_there_is_a_failure(body: bytes | None) -> None:
    server = Server()
    server.visit(0)
    name = next(name for name in server.files if name.startswith("assets/"))
    server.files = {each: content for each, content in server.files.items() if each != name}
    if body is not None:
        server.files[name] = body
    server.visits.visit()
    assert server.visits.failures == {"a page that lacks what it names": 1}


def test_no_page_is_a_failure() -> None:
    server = Server()
    server.visits.visit()
    assert server.visits.failures == {"the page": 1}


def test_each_way_publishes_the_folder_to_the_bucket_and_refreshes_the_distribution(tmp_path: Path) -> None:
    ours, careful = ways.ours(SITE, 7), ways.cli("aws")[1].commands(SITE, 7)
    assert "version=1.0.7" in ours[0]
    assert [command[1:3] for command in careful[:2]] == [["s3", "sync"]] * 2
    assert "--delete" not in str(careful)
    assert "--delete" in str(ways.cli("aws")[0].commands(SITE, 7))
    assert "E1" in careful[2][2]
    (stock,) = ways.stock({"A": "b"}, tmp_path).commands(SITE, 7)
    assert stock[:2] == ["env", "A=b"]
    sync, refresh = yaml.safe_load((tmp_path / "stock.yml").read_text())[0]["tasks"]
    assert sync["community.aws.s3_sync"]["file_root"] == "dist"
    assert refresh["community.aws.cloudfront_invalidation"]["distribution_id"] == "E1"


def test_requests_and_their_bytes_are_counted() -> None:
    counted = site.Counted()
    head = Head("PUT /a HTTP/1.1", {}, b"")
    counted.answered(head, 200, 10)
    counted.answered(head, 500, 5)
    assert (counted.requests, counted.sent) == (2, 15)


def test_a_row_tells_what_failed() -> None:
    found = site.Figures(1.25, 40.0, 120_000.0, 900, {"the page": 2, "ReadError": 1})
    assert site.row("x", found) == "| x | 40 | 120 kB | 1.2 s | 900 | 3 (1 ReadError, 2 the page) |"
    assert site.row("x", site.Figures(1, 1, 1, 1, {})).endswith("| 0 (none) |")
