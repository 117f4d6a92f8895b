# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is published, and that it works where nothing else of the project is."""

import ast
import functools
import json
import re
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.packaging.conftest import Installed
from tools.files import ROOT, project_files
from tools.links import broken
from tools.sanity import installed_collections

Documents = Callable[[str, tuple[str, ...]], dict[str, Any]]

PUBLISHED = {
    ".ansible-lint",
    "CHANGELOG.md",
    "CODE_OF_CONDUCT.md",
    "CONTRIBUTING.md",
    "FILES.json",
    "LICENSE",
    "MANIFEST.json",
    "README.md",
    "SECURITY.md",
    "changelogs",
    "docs",
    "inventories",
    "meta",
    "playbooks",
    "plugins",
    "roles",
}
MODULES = tuple(sorted(path.stem for path in project_files("plugins/modules/*.py")))
FILTERS = tuple(sorted(path.stem for path in project_files("plugins/filter/*.yml")))
ROLES = tuple(sorted({path.parts[1] for path in project_files("roles/**")}))
PLAYBOOKS = tuple(sorted(path.stem for path in project_files("playbooks/*.yml")))


@pytest.fixture(scope="module")
def documents(installed: Installed) -> Documents:
    """What ansible-doc says of the collection's plugins of a kind, asked once for all of them."""

    @functools.cache
    def read(kind: str, names: tuple[str, ...]) -> dict[str, Any]:
        done = installed.run("ansible-doc", "--type", kind, "--json", *(f"fastbreak.aws.{name}" for name in names))
        assert done.returncode == 0, done.stderr
        pages: dict[str, Any] = json.loads(done.stdout)
        return pages

    return read


def test_the_tarball_holds_the_collection_and_nothing_else(installed: Installed) -> None:
    with tarfile.open(installed.tarball) as archive:
        names = {name.split("/", maxsplit=1)[0] for name in archive.getnames()}
        files = [member.name for member in archive.getmembers() if member.isfile()]
    assert names <= PUBLISHED
    assert {"plugins", "roles", "playbooks", "meta", "LICENSE", "README.md"} <= names
    assert [name for name in files if name.endswith((".pyc", ".tar.gz", ".lock"))] == []


def test_every_module_is_documented_where_it_is_installed(installed: Installed) -> None:
    listing = installed.run("ansible-doc", "--type", "module", "--list", "--json", "fastbreak.aws")
    assert listing.returncode == 0, listing.stderr
    assert sorted(json.loads(listing.stdout)) == [f"fastbreak.aws.{name}" for name in MODULES]


@pytest.mark.parametrize("name", MODULES)
def test_a_module_says_all_that_a_user_needs(documents: Documents, name: str) -> None:
    page = documents("module", MODULES)[f"fastbreak.aws.{name}"]
    document = page["doc"]
    assert document["short_description"]
    assert document["description"]
    assert document["version_added"]
    assert {"check_mode", "diff_mode"} <= document["attributes"].keys()
    assert undescribed(document["options"]) == []
    assert yaml.safe_load(page["examples"])
    assert undescribed(page["return"] or {}) == []
    assert page["return"]


def undescribed(options: dict[str, dict[str, object]], prefix: str = "") -> list[str]:
    """Options or values without a description or a type, suboptions included."""
    found = []
    for name, option in options.items():
        if not option.get("description") or not option.get("type"):
            found.append(prefix + name)
        for below in ("suboptions", "contains"):
            inner = option.get(below)
            if isinstance(inner, dict):
                found += undescribed(inner, f"{prefix}{name}.")
    return found


@pytest.mark.parametrize("name", ROLES)
def test_a_role_says_which_inputs_it_takes(documents: Documents, name: str) -> None:
    main = documents("role", ROLES)[f"fastbreak.aws.{name}"]["entry_points"]["main"]
    assert main["short_description"]
    assert undescribed(main.get("options", {})) == []


def test_a_module_answers_by_its_full_name(installed: Installed) -> None:
    done = installed.run(
        "ansible",
        "localhost",
        "--module-name",
        "fastbreak.aws.source_tree_info",
        "--args",
        f"path={ROOT} version=1.2.3",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1.2.3-" in done.stdout


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_says_all_that_a_user_needs(documents: Documents, name: str) -> None:
    page = documents("filter", FILTERS)[f"fastbreak.aws.{name}"]
    assert page["doc"]["short_description"]
    assert undescribed(page["doc"]["options"]) == []
    assert undescribed(page["return"]) == []


def test_playbooks_answer_by_their_full_names(installed: Installed) -> None:
    names = [f"fastbreak.aws.{name}" for name in PLAYBOOKS]
    done = installed.run("ansible-playbook", "--syntax-check", *names)
    assert done.returncode == 0, done.stdout + done.stderr
    checked = [Path(line) for line in done.stdout.splitlines() if line.startswith("playbook: ")]
    assert sorted(path.stem for path in checked) == list(PLAYBOOKS)


@pytest.mark.parametrize("given", [{}, {"publish_source": "/nowhere"}])
def test_publishing_without_the_services_sources_is_refused_with_the_way_out(
    installed: Installed, given: dict[str, str]
) -> None:
    role = {"name": "Publish", "ansible.builtin.import_role": {"name": "fastbreak.aws.publish"}}
    variables = {"fastbreak_region": "us-east-1", "fastbreak_service_name": "inference", **given}
    play = {"name": "Publish", "hosts": "localhost", "gather_facts": False, "vars": variables, "tasks": [role]}
    playbook = installed.home / "publish.yml"
    playbook.write_text(yaml.safe_dump([play]), encoding="utf-8")
    done = installed.run("ansible-playbook", str(playbook))
    told = " ".join(done.stdout.replace('\\"', '"').split())
    assert done.returncode == 2, done.stdout + done.stderr
    assert f'publish_source is "{given.get("publish_source", "")}", which is no folder on this machine' in told
    # It was no playbook of a clone that said so, so a full name is advised.
    assert "fastbreak.aws.publish -e publish_source=/path/to/service" in told


def test_the_lock_carries_the_collections_that_are_required() -> None:
    required = {
        item["name"]: item["version"] for item in yaml.safe_load((ROOT / "requirements.yml").read_text())["collections"]
    }
    depended = yaml.safe_load((ROOT / "galaxy.yml").read_text())["dependencies"]
    assert depended.keys() <= required.keys()
    for name, version in required.items():
        manifest = installed_collections().joinpath(*name.split("."), "MANIFEST.json")
        assert json.loads(manifest.read_text())["collection_info"]["version"] == version


def test_the_sample_inventory_is_read_where_it_is_installed(installed: Installed) -> None:
    place = installed.collection / "inventories" / "prod"
    done = installed.run("ansible-inventory", "-i", str(place), "--host", "ecr")
    assert done.returncode == 0, done.stderr
    values = json.loads(done.stdout)
    assert (values["fastbreak_environment"], values["fastbreak_service_name"]) == ("prod", "inference")


def test_without_an_inventory_a_playbook_says_to_give_one(installed: Installed) -> None:
    """Every playbook begins with the same guard."""
    done = installed.run("ansible-playbook", "fastbreak.aws.deploy", "-e", "version=1.0.0")
    told = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == 2, told
    assert "No inventory was given, so nothing was touched. Always pass one, like -i inventories/dev." in told


def test_variables_that_an_inventory_lacks_are_named_before_anything_is_touched(installed: Installed) -> None:
    inventory = installed.home / "lacking"
    inventory.write_text("[components]\necr ansible_connection=local fastbreak_environment=dev fastbreak_tags={}\n")
    done = installed.run("ansible-playbook", "-i", str(inventory), "fastbreak.aws.site")
    told = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == 2, told
    missing = "fastbreak_account_id, fastbreak_container_port, fastbreak_region, fastbreak_service_name"
    assert f"Nothing was touched. The inventory does not set {missing}." in told


def test_an_execution_environment_gets_what_the_modules_import(installed: Installed) -> None:
    done = installed.run("ansible-builder", "introspect", "--sanitize", str(installed.place))
    assert done.returncode == 0, done.stderr
    found = yaml.safe_load(done.stdout)
    ours = [line for line in found["python"] if "fastbreak.aws" in line]
    assert {re.split(r"[^\w-]", line)[0].lower() for line in ours} == imported()
    assert any(line.startswith("git ") for line in found["system"])


BROUGHT = {"sigstore_models": "sigstore", "jwt": "sigstore"}
"""Packages that come with another, which uses them itself."""


def imported() -> set[str]:
    """The packages that plugins import, beyond the standard library and what ansible-core needs itself."""
    trees = [ast.parse((ROOT / path).read_text(encoding="utf-8")) for path in project_files("plugins/**.py")]
    roots = {name.partition(".")[0] for tree in trees for node in ast.walk(tree) for name in modules_of(node)}
    found = roots - {"ansible", "ansible_collections", "yaml"} - sys.stdlib_module_names
    return {BROUGHT.get(name, name) for name in found}


def modules_of(node: ast.AST) -> list[str]:
    """The modules that a statement imports, or a call of import_module."""
    match node:
        case ast.ImportFrom(module=str(name), level=0):
            return [name]
        case ast.Import(names=names):
            return [alias.name for alias in names]
        case ast.Call(func=ast.Name(id="import_module"), args=[ast.Constant(value=str(name))]):
            return [name]
        case _:
            return []


def test_no_link_leads_out_of_what_is_installed(installed: Installed) -> None:
    pages = sorted(installed.collection.rglob("*.md"))
    assert len(pages) > 20
    assert [problem for page in pages for problem in broken(page)] == []


def test_antsibull_finds_nothing_wrong_with_the_documentation(installed: Installed) -> None:
    done = installed.run("antsibull-docs", "lint-collection-docs", "--plugin-docs", str(installed.collection))
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr
