# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What there is to know of a service and its releases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Lock
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.disclosure.fingerprint import Disclosure
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.info import ask_users_way, report_service
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import Answer

from tests.unit.plugins.module_utils._rollout.case import promote, released

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

    from tests.unit.plugins.module_utils._rollout.fakes import World


def test_report_says_what_runs_and_who_rolls_out(world: World, ports: Ports) -> None:
    released(world, ports)
    world.lock = Lock("other", "now")
    report = report_service("fastbreak-dev", "inference", ports, history=5, disclosure=Disclosure(b"k"))
    assert report["running"]["version"].startswith("1.0.0-")
    assert report["releases"][0]["gates"][0]["verdict"] == "HEALTHY"
    assert report["deployments"][0]["state"] == "SUCCESSFUL"
    assert report["lock"]["owner"] == "other"
    assert report["service"]["definition"] == report["running"]["definition"] == report["releases"][0]["definition"]
    world.lock = None
    assert report_service("fastbreak-dev", "inference", ports, history=5, disclosure=Disclosure(b"k"))["lock"] == {}


def test_report_of_nothing_is_empty(world: World, ports: Ports) -> None:
    report = report_service("fastbreak-dev", "inference", ports, history=5, disclosure=Disclosure(b"k"))
    assert (report["service"], report["running"], report["releases"]) == ({}, {}, [])


def test_report_names_the_promotions_the_newest_first(world: World, ports: Ports) -> None:
    older, newer = promote(world, "1.0.0", "a"), promote(world, "1.1.0", "b")
    report = report_service("fastbreak-dev", "inference", ports, history=5, disclosure=Disclosure(b"k"))
    assert [promotion["version"] for promotion in report["promotions"]] == [newer, older]
    assert (
        len(report_service("fastbreak-dev", "inference", ports, history=1, disclosure=Disclosure(b"k"))["promotions"])
        == 1
    )


def test_report_has_the_records_of_services_that_were_released_together(world: World, ports: Ports) -> None:
    released(world, ports, services=("worker", "inference"))
    report = report_service("fastbreak-dev", "inference", ports, history=5, disclosure=Disclosure(b"k"))
    assert report["releases"][0]["services"] == ("worker", "inference")
    assert [*report["companions"]] == ["worker"]


def test_each_address_is_asked_with_the_headers() -> None:
    asked: list[tuple[str, Any]] = []

    class Probe:
        def request(self, method: str, url: str, **given: Any) -> Answer:
            asked.append((f"{method} {url}", given["headers"]))
            return Answer(0, problem="nobody") if url.endswith("/away") else Answer(200, version="1.0.0")

    probe: Any = Probe()
    headers = (("Authorization", "secretsmanager:probe"),)
    answers = list(ask_users_way(["https://a/readyz", "https://a/away"], headers, probe))
    assert asked == [("GET https://a/readyz", headers), ("GET https://a/away", headers)]
    assert answers == [
        {"url": "https://a/readyz", "status": 200, "version": "1.0.0", "problem": ""},
        {"url": "https://a/away", "status": 0, "version": "", "problem": "nobody"},
    ]
