# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the documentation of all plugins has in common."""

import re
from importlib import import_module
from pathlib import Path

import pytest
import yaml
from ansible_collections.fastbreak.aws.plugins.doc_fragments.attributes import ModuleDocFragment

ROOT = Path(__file__).parents[3]
COLLECTION = "ansible_collections.fastbreak.aws.plugins"
MODULES = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("*.py") if path.stem != "__init__")
FILTERS = sorted(path.stem for path in (ROOT / "plugins" / "filter").glob("*.yml"))

INFO = yaml.safe_load(ModuleDocFragment.INFO_MODULE)["attributes"]


def version(text):
    return tuple(int(part) for part in re.fullmatch(r"(\d+)\.(\d+)\.(\d+)", text).groups())


CURRENT = version(yaml.safe_load((ROOT / "galaxy.yml").read_text())["version"])


def module_page(name):
    return yaml.safe_load(import_module(f"{COLLECTION}.modules.{name}").DOCUMENTATION)


def filter_page(name):
    return yaml.safe_load((ROOT / "plugins" / "filter" / f"{name}.yml").read_text())["DOCUMENTATION"]


def versions_added(value):
    """Every ``version_added`` in a page: of the plugin and of its options."""
    if isinstance(value, dict):
        own = [value["version_added"]] if isinstance(value.get("version_added"), str) else []
        return own + [found for item in value.values() for found in versions_added(item)]
    return []


@pytest.mark.parametrize("page", [*map(module_page, MODULES), *map(filter_page, FILTERS)], ids=[*MODULES, *FILTERS])
def test_nothing_was_added_in_a_version_that_galaxy_does_not_know_yet(page):
    found = versions_added(page)
    assert page["version_added"] in found
    assert [text for text in found if version(text) > CURRENT] == []


@pytest.mark.parametrize("name", MODULES)
def test_attributes_say_what_is_supported_and_leave_their_meaning_to_the_fragment(name):
    page = module_page(name)
    fragments = page["extends_documentation_fragment"]
    assert "fastbreak.aws.attributes" in fragments
    attributes = INFO if "fastbreak.aws.attributes.info_module" in fragments else page["attributes"]
    assert attributes.keys() == {"check_mode", "diff_mode", "idempotent", "action"}
    assert all(attribute["support"] in {"full", "partial", "none"} for attribute in attributes.values())
    assert all(attribute.keys() <= {"support", "details"} for attribute in attributes.values())
    assert all("details" in attribute for attribute in attributes.values() if attribute["support"] == "partial")
