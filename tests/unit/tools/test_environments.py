# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A further environment is like the one it is made from, but for what has to be its own."""

import ipaddress
import shutil
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sandbox import accounts
from tools.environments import __main__ as command
from tools.environments import page
from tools.environments.copied import Place, admitted, free_network, problem
from tools.environments.inventory import Environment, InventoryError, environments
from tools.files import ROOT

OWN = {
    "ecs_certificate_arn",
    "fastbreak_account_id",
    "fastbreak_environment",
    "fastbreak_region",
    "network_availability_zones",
    "network_cloudfront_prefix_list_id",
    "network_ingress_cidr",
    "network_vpc_cidr",
}
"""What differs between an environment like prod and prod itself."""
GOOD = Place("staging", "333333333333", "eu-west-1")


@pytest.fixture
def inventories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the inventories, which the command takes for the clone's own."""
    folder = tmp_path / "inventories"
    shutil.copytree(ROOT / "inventories", folder, symlinks=True)
    (tmp_path / "docs").mkdir()
    monkeypatch.setattr(command, "ROOT", tmp_path)
    monkeypatch.setattr(command, "INVENTORIES", folder)
    monkeypatch.setattr(command, "PAGE", tmp_path / "docs" / "environments.md")
    return folder


def run(*words: str) -> int:
    return command.main(["create", *words])


def environment(name: str, **variables: str) -> Environment:
    given = {
        "fastbreak_account_id": "111111111111",
        "fastbreak_region": "us-east-1",
        "network_vpc_cidr": "10.10.0.0/16",
    }
    return Environment(name, Path(name), given | variables)


def by_name(folder: Path) -> dict[str, Environment]:
    return {found.name: found for found in environments(folder)}


@pytest.mark.parametrize("model", ["dev", "prod"])
def test_a_further_environment_differs_only_in_what_is_its_own(inventories: Path, model: str) -> None:
    assert run("staging", "--account", "333333333333", "--region", "eu-west-1", "--like", model) == 0
    found = by_name(inventories)
    old, new = found[model].variables, found["staging"].variables
    differing = {key for key in {*old, *new} if old.get(key) != new.get(key)}
    assert differing <= OWN | {"ecr_pull_account_ids"}
    assert (new["fastbreak_environment"], new["fastbreak_account_id"]) == ("staging", "333333333333")
    assert {zone[:-1] for zone in new["network_availability_zones"]} == {"eu-west-1"}
    assert new["ecr_pull_account_ids"] == []
    # Of another region there is another list of CloudFront's addresses, and what is promoted is where it was.
    assert new["network_cloudfront_prefix_list_id"] == ""
    assert new["iam_promotion_source_repository_arn"] == old["iam_promotion_source_repository_arn"]
    link = inventories / "staging" / "group_vars" / "all" / "00_shared.yml"
    assert link.is_symlink()
    assert link.resolve() == inventories / "shared" / "all.yml"


def test_it_lets_in_its_own_network_and_not_the_one_of_its_model(inventories: Path) -> None:
    run("staging", "--account", "333333333333", "--region", "eu-west-1")
    old, new = (by_name(inventories)[name].variables for name in ("prod", "staging"))
    assert old["network_ingress_cidr"] == old["network_vpc_cidr"] != new["network_vpc_cidr"]
    assert new["network_ingress_cidr"] == new["network_vpc_cidr"]


def test_no_word_of_the_account_that_it_was_made_from_is_left(inventories: Path) -> None:
    run("staging", "--account", "333333333333", "--region", "eu-west-1")
    texts = [path.read_text() for path in (inventories / "staging").rglob("*.yml") if not path.is_symlink()]
    assert "222222222222" not in "".join(texts)
    assert by_name(inventories)["staging"].variables["image_promotion_source_account_id"] == "111111111111"


def test_comments_stay(inventories: Path) -> None:
    run("staging", "--account", "333333333333", "--region", "us-east-1")
    for name in ("10_environment.yml", "20_release.yml", "30_promotion.yml"):
        old, new = (inventories / found / "group_vars" / "all" / name for found in ("prod", "staging"))
        assert [line for line in new.read_text().splitlines() if line.strip().startswith("#")] == [
            line for line in old.read_text().splitlines() if line.strip().startswith("#")
        ]
        assert len(new.read_text().splitlines()) == len(old.read_text().splitlines())


def test_it_may_pull_what_its_model_may_pull(inventories: Path) -> None:
    run("staging", "--account", "333333333333", "--region", "us-east-1")
    pulling = by_name(inventories)["dev"].variables["ecr_pull_account_ids"]
    assert pulling == ["222222222222", "333333333333"]


def test_a_dry_run_writes_nothing(inventories: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: path.read_bytes() for path in inventories.parent.rglob("*") if path.is_file()}
    assert run("staging", "--account", "333333333333", "--region", "us-east-1", "--dry-run") == 0
    assert before == {path: path.read_bytes() for path in inventories.parent.rglob("*") if path.is_file()}
    assert "create inventories/staging/hosts.yml" in capsys.readouterr().out


def test_the_second_of_a_name_or_of_an_account_is_refused(
    inventories: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("staging", "--account", "333333333333", "--region", "us-east-1") == 0
    before = {path: path.read_bytes() for path in inventories.rglob("*") if path.is_file()}
    assert run("staging", "--account", "444444444444", "--region", "us-east-1") == 1
    assert run("other", "--account", "333333333333", "--region", "us-east-1") == 1
    assert "Account 333333333333 is that of staging" in capsys.readouterr().err
    assert before == {path: path.read_bytes() for path in inventories.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("place", "model", "word"),
    [
        (Place("", "333333333333", "us-east-1"), "dev", "NAME="),
        (Place("Staging", "333333333333", "us-east-1"), "dev", "NAME=Staging"),
        (Place("qa-", "333333333333", "us-east-1"), "dev", "NAME=qa- is no name"),
        (Place("dev-two", "333333333333", "us-east-1"), "dev", "no hyphen"),
        (Place("a" * 17, "333333333333", "us-east-1"), "dev", "at most 15 of a-z"),
        (Place("../x", "333333333333", "us-east-1"), "dev", "NAME=../x"),
        (Place("staging\n", "333333333333", "us-east-1"), "dev", "NAME=staging"),
        (Place("staging-", "333333333333", "us-east-1"), "dev", "NAME=staging-"),
        (Place("a" * 17, "333333333333", "us-east-1"), "dev", "at most 15"),
        (Place("shared", "333333333333", "us-east-1"), "dev", "another name"),
        (Place("components", "333333333333", "us-east-1"), "dev", "another name"),
        (Place("dev", "333333333333", "us-east-1"), "dev", "exists"),
        (Place("staging", "3333", "us-east-1"), "dev", "12 digits"),
        (Place("staging", "", "us-east-1"), "dev", "12 digits"),
        (Place("staging", "\u0661" * 12, "us-east-1"), "dev", "12 digits"),
        (Place("staging", "111111111111", "us-east-1"), "dev", "is that of dev"),
        (Place("staging", "333333333333", "us-east-1a"), "dev", "no region"),
        (Place("staging", "333333333333", ""), "dev", "no region"),
        (GOOD, "production", "LIKE=production"),
    ],
)
def test_what_cannot_be_an_environment_is_refused_in_the_words_of_the_command(
    place: Place, model: str, word: str
) -> None:
    found = problem(place, model, [environment("dev")], ["us-east-1", "eu-west-1"])
    assert found is not None
    assert word in found


def test_a_good_place_is_taken() -> None:
    assert problem(GOOD, "dev", [environment("dev")], ["us-east-1", "eu-west-1"]) is None


@given(st.lists(st.tuples(st.integers(0, 255), st.integers(12, 24)), max_size=30))
def test_its_network_overlaps_nobodys(taken: list[tuple[int, int]]) -> None:
    networks = [ipaddress.ip_network((f"10.{second}.0.0", prefix), strict=False) for second, prefix in taken]
    found = ipaddress.ip_network(
        free_network([environment("e", network_vpc_cidr=str(network)) for network in networks])
    )
    assert not any(found.overlaps(network) for network in networks)


def test_when_no_network_is_free_it_says_so() -> None:
    with pytest.raises(InventoryError, match="No /16"):
        free_network([environment("dev", network_vpc_cidr="10.0.0.0/8")])


def test_an_account_is_admitted_once_and_only_where_the_model_is() -> None:
    text = 'a: 1\necr_pull_account_ids: ["222222222222"]\n'
    after = admitted(text, "222222222222", "333333333333")
    assert yaml.safe_load(after)["ecr_pull_account_ids"] == ["222222222222", "333333333333"]
    assert admitted(after, "222222222222", "333333333333") == after
    assert admitted(text, "555555555555", "333333333333") == text


def test_the_page_is_what_the_inventories_say() -> None:
    written = (ROOT / "docs" / "environments.md").read_text(encoding="utf-8")
    assert written == page.render(environments(ROOT / "inventories")), "run `python -m tools.environments document`"


def test_the_sandbox_has_an_account_for_each_inventory(inventories: Path) -> None:
    run("staging", "--account", "333333333333", "--region", "eu-west-1")
    assert accounts.of_inventories(inventories) == {
        "dev": "111111111111",
        "prod": "222222222222",
        "staging": "333333333333",
    }
    assert accounts.regions(inventories)["staging"] == "eu-west-1"


def test_without_inventories_the_sandbox_has_its_two_accounts(tmp_path: Path) -> None:
    assert accounts.of_inventories(tmp_path / "nowhere") == accounts.ALWAYS
