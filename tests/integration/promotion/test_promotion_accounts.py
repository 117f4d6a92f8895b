# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Promotions between two accounts of ECR: predicted, carried out, repeated; and refused, saying why."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    DependencyError,
    FastbreakError,
    RefusedError,
    UnavailableError,
)

from sandbox import ACCOUNTS
from tests.integration.promotion.accounts import COMMIT, TAG, Accounts, release
from tests.registries.sigstore import ISSUER, SigstoreInstance, token

if TYPE_CHECKING:
    from pathlib import Path

CRITICAL = {"vulnerability": "CVE-2026-1", "severity": "CRITICAL", "package": "openssl"}


def test_release_is_predicted_promoted_and_then_left_alone(accounts: Accounts) -> None:
    made = accounts.push_release()
    predicted = accounts.promote(check_mode=True)
    assert predicted["changed"]
    assert accounts.content("prod") == {}
    assert accounts.promotions() == []
    done = accounts.promote()
    assert done["changed"]
    assert done["diff"] == predicted["diff"]
    (image,) = done["images"]
    assert (image["digest"], image["tag"]) == (made.digest, TAG)
    assert image["bytes_copied"] == predicted["images"][0]["bytes_copied"] > 500_000
    assert {gate["gate"]: gate["verdict"] for gate in image["gates"]} == {
        "vulnerabilities": "HEALTHY",
        "labels": "HEALTHY",
    }
    assert accounts.tags()[TAG] == made.digest
    for check_mode in (True, False):
        again = accounts.promote(check_mode=check_mode)
        assert not again["changed"], again["diff"]
    assert len(accounts.promotions()) == 1


def test_all_that_belongs_to_it_arrives_byte_for_byte_and_it_is_attested(accounts: Accounts) -> None:
    made = accounts.push_release()
    image = accounts.promote()["images"][0]
    source, destination = accounts.content("dev"), accounts.content("prod")
    assert len(source) == 4
    assert {digest: destination[digest] for digest in source} == source
    assert set(destination) - set(source) == {image["attestation"]}
    assert [attachment["kind"] for attachment in image["attachments"]] == ["sbom"]
    referrers = accounts.ecr("prod").list_image_referrers(
        repositoryName=accounts.repository, subjectId={"imageDigest": made.digest}
    )["referrers"]
    assert {referrer["artifactType"] for referrer in referrers} == {
        "application/spdx+json",
        "application/vnd.in-toto+json",
    }


def test_promotion_is_recorded(accounts: Accounts) -> None:
    made = accounts.push_release()
    image = accounts.promote()["images"][0]
    (line,) = accounts.promotions(version="1.0.0")
    assert (line["version"], line["digest"], line["commit"]) == (TAG, made.digest, COMMIT)
    assert line["promoted_by"] == accounts.promoter
    assert line["source"].startswith(f"{accounts.host('dev')}/{accounts.repository}")
    assert line["destination"].startswith(f"{accounts.host('prod')}/{accounts.repository}")
    assert line["attestation"] == image["attestation"]
    assert [gate["verdict"] for gate in line["gates"]] == ["HEALTHY", "HEALTHY"]
    assert accounts.promotions(digest=made.digest) == [line]
    assert accounts.promotions(version="1.0.1") == []
    assert accounts.promotions(history=1) == [line]


def test_what_an_identity_signs_in_dev_passes_prods_gate(accounts: Accounts) -> None:
    made = accounts.push_release()
    identity = "https://ci.example/release.yml@main"
    with SigstoreInstance() as instance:
        sign = {
            "identity": identity,
            "issuer": ISSUER,
            "token": token(identity),
            "signing_config": instance.signing_config,
            "trusted_root": instance.trusted_root,
        }
        dev = {"registry": accounts.host("dev")}
        place = {"source": dev, "destination": dev, "gates": None, **accounts.administrator("dev")}
        in_place = {**place, "attest": False, "service": None, "release_table": None, "sign": sign}
        demanded = {"identity": identity, "issuer": ISSUER, "trusted_root": instance.trusted_root}
        gates = {"signature": demanded}
        with pytest.raises(RefusedError, match="nothing that could prove it is attached"):
            accounts.promote(gates=gates)
        assert accounts.promote(**in_place)["images"][0]["signed"]
        assert not accounts.promote(**in_place)["changed"]
        asked = len(instance.asked)
        done = accounts.promote(gates=gates, sign=sign)["images"][0]
        # dev's signature came along, and is by the same identity.
        assert (done["signed"], len(instance.asked)) == (False, asked)
    assert done["signature"] in accounts.content("prod")
    assert accounts.promotions()[0]["signature"] == done["signature"]
    assert accounts.tags()[TAG] == made.digest


@pytest.mark.parametrize("check_mode", [True, False])
def test_findings_stop_it_before_anything_is_written(accounts: Accounts, check_mode: bool) -> None:
    accounts.push_release()
    accounts.found(CRITICAL)
    with pytest.raises(RefusedError) as caught:
        accounts.promote(check_mode=check_mode)
    assert "gate vulnerabilities" in caught.value.message
    assert "CVE-2026-1" in caught.value.message
    assert "Nothing was written" in caught.value.message
    assert accounts.content("prod") == {}


def test_a_finding_that_is_allowed_with_a_reason_passes_until_the_day_it_expires(accounts: Accounts) -> None:
    accounts.push_release()
    accounts.found(CRITICAL)
    allowed = {"vulnerability": "CVE-2026-1", "reason": "not called"}
    expired = {"vulnerabilities": {"allow": [{**allowed, "expires": "2020-01-01"}]}}
    with pytest.raises(RefusedError, match="expired"):
        accounts.promote(gates=expired)
    done = accounts.promote(gates={"vulnerabilities": {"allow": [{**allowed, "expires": "2999-01-01"}]}})
    assert accounts.tags()[TAG] == done["images"][0]["digest"]


def test_an_image_that_was_not_scanned_does_not_pass(accounts: Accounts) -> None:
    accounts.found(status="NONE")
    accounts.push_release()
    with pytest.raises(RefusedError, match="gate vulnerabilities"):
        accounts.promote()
    assert accounts.content("prod") == {}


def test_a_label_that_names_another_commit_does_not_pass(accounts: Accounts) -> None:
    tag = f"1.0.0-{'d' * 40}"
    accounts.push(release(), tag)
    with pytest.raises(RefusedError, match="gate labels"):
        accounts.promote(tag=tag)
    assert accounts.content("prod") == {}


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_tag_never_moves(accounts: Accounts, check_mode: bool) -> None:
    wanted, there = release(), release(seed=7)
    accounts.push(wanted)
    accounts.push(there, account="prod")
    before = accounts.content("prod")
    with pytest.raises(RefusedError) as caught:
        accounts.promote(check_mode=check_mode)
    assert wanted.digest in caught.value.message
    assert there.digest in caught.value.message
    assert accounts.tags() == {TAG: there.digest}
    assert accounts.content("prod") == before
    assert accounts.promotions() == []


def test_a_tag_that_does_not_name_the_digest_is_refused(accounts: Accounts) -> None:
    made, other = accounts.push_release(), release(seed=9)
    with pytest.raises(FastbreakError) as caught:
        accounts.promote(digest=other.digest)
    assert made.digest in caught.value.message
    assert other.digest in caught.value.message


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"tag": "9.9.9"}, "9.9.9"),
        ({"repository": "team/none"}, "team/none"),
        ({"destination_repository": "team/none"}, "team/none"),
    ],
)
def test_what_is_not_there_is_named(accounts: Accounts, options: dict[str, str], told: str) -> None:
    accounts.push_release()
    with pytest.raises(FastbreakError) as caught:
        accounts.promote(**options)
    assert told in caught.value.message
    assert accounts.content("prod") == {}


def test_a_release_table_that_is_not_there_is_named_before_anything_is_written(accounts: Accounts) -> None:
    accounts.push_release()
    accounts.connect("dynamodb", "prod").delete_table(TableName=accounts.table)
    with pytest.raises(DependencyError, match=f"release table {accounts.table} does not exist"):
        accounts.promote()
    assert accounts.content("prod") == {}


def test_a_repository_that_does_not_let_us_read_says_so(accounts: Accounts) -> None:
    accounts.push_release()
    accounts.ecr("dev").delete_repository_policy(repositoryName=accounts.repository)
    with pytest.raises(FastbreakError) as caught:
        accounts.promote()
    assert accounts.repository in caught.value.message
    assert accounts.content("prod") == {}
    accounts.let_prod_read()
    assert accounts.promote()["changed"]


def test_each_side_has_credentials_of_its_own(accounts: Accounts) -> None:
    accounts.push_release()
    accounts.ecr("dev").delete_repository_policy(repositoryName=accounts.repository)
    own = {"registry": accounts.host("dev"), "access_key": ACCOUNTS["dev"], "secret_key": "sandbox"}
    assert accounts.promote(source=own)["changed"]


def test_a_role_of_the_source_account_can_be_assumed(accounts: Accounts) -> None:
    accounts.push_release()
    accounts.ecr("dev").delete_repository_policy(repositoryName=accounts.repository)
    role = accounts.make_reader()
    assert accounts.promote(source={"registry": accounts.host("dev"), "role_arn": role})["changed"]
    (line,) = accounts.promotions()
    assert line["promoted_by"] == accounts.promoter


def test_an_unknown_profile_is_said(accounts: Accounts) -> None:
    with pytest.raises(UnavailableError, match="nobody"):
        accounts.promote(source={"registry": accounts.host("dev"), "profile": "nobody"})


def test_two_at_once_both_succeed(accounts: Accounts) -> None:
    made = accounts.push_release()
    results: list[dict[str, Any]] = []
    threads = [threading.Thread(target=lambda: results.append(accounts.promote())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [result["images"][0]["digest"] for result in results] == [made.digest] * 2
    assert accounts.tags()[TAG] == made.digest
    assert not accounts.promote()["changed"]


def test_many_images_are_one_plan(accounts: Accounts, tmp_path: Path) -> None:
    tags = [f"{number}.0.0-{COMMIT}" for number in range(1, 4)]
    for number, tag in enumerate(tags):
        accounts.push(release(seed=10 * number), tag)
    entries = "".join(f"  - {{repository: {accounts.repository}, tag: '{tag}'}}\n" for tag in tags)
    path = tmp_path / "november.yml"
    path.write_text(f"images:\n{entries}")
    alone = {"repository": None, "tag": None, "promotion_file": str(path)}
    path.write_text(f"images:\n{entries}  - {{repository: {accounts.repository}, tag: missing}}\n")
    with pytest.raises(FastbreakError, match="missing"):
        accounts.promote(**alone)
    assert accounts.content("prod") == {}
    path.write_text(f"images:\n{entries}")
    done = accounts.promote(**alone)
    assert [image["tag"] for image in done["images"]] == tags
    assert {tag: digest for tag, digest in accounts.tags().items() if tag in tags} == {
        image["tag"]: image["digest"] for image in done["images"]
    }
    assert len(accounts.promotions()) == 3
    assert not accounts.promote(**alone)["changed"]
