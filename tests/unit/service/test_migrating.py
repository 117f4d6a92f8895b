# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the migration of a tree does has a name, which changes with whatever could have it do something else."""

import importlib.util
import shutil
from pathlib import Path

import pytest

SERVICE = Path(__file__).parents[3] / "service"
SPEC = importlib.util.spec_from_file_location("service_migrating", SERVICE / "migrating.py")
migrating = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(migrating)
STORE = "src/fastbreak_service/store"


@pytest.fixture
def tree(tmp_path):
    for path in migrating.parts(SERVICE):
        there = tmp_path / path.relative_to(SERVICE)
        there.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, there)
    return tmp_path


def test_the_same_tree_has_the_same_name_wherever_it_is(tree):
    assert migrating.name(tree) == migrating.name(SERVICE)
    assert len(migrating.name(tree)) == 64


@pytest.mark.parametrize(
    "changed",
    [
        f"{STORE}/migrations/versions/0001_analyses.py",
        f"{STORE}/migrations/env.py",
        f"{STORE}/rights.py",
        f"{STORE}/granting.py",
        f"{STORE}/tables.py",
        f"{STORE}/roles.py",
        f"{STORE}/limits.py",
        f"{STORE}/secret.py",
        "src/fastbreak_service/settings.py",
        "src/fastbreak_service/administering.py",
        "src/fastbreak_service/__init__.py",
        f"{STORE}/__init__.py",
        "requirements.lock",
        "Dockerfile",
    ],
)
def test_whatever_has_a_part_in_it_changes_the_name(tree, changed):
    path = tree / changed
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert migrating.name(tree) != migrating.name(SERVICE)


def test_a_new_migration_changes_it_and_the_rest_of_the_service_does_not(tree):
    queries = tree / STORE / "analyses.py"
    queries.write_text("WRONG = True\n", encoding="utf-8")
    assert migrating.name(tree) == migrating.name(SERVICE)
    (tree / STORE / "migrations" / "versions" / "9999_more.py").write_text("", encoding="utf-8")
    assert migrating.name(tree) != migrating.name(SERVICE)


@pytest.mark.parametrize(
    "text",
    [
        "from fastbreak_service.store import analyses\n",
        "from fastbreak_service.store import (\n    schema,\n    analyses,\n)\n",
        "from fastbreak_service.store.analyses import AnalysisStore\n",
        "import fastbreak_service.store.analyses\n",
        "def late():\n    from fastbreak_service.store.analyses import AnalysisStore\n",
        "if TYPE_CHECKING:\n    import x\n\nfrom fastbreak_service.store import analyses\n",
    ],
)
def test_what_is_imported_has_a_part_in_it(tree, text):
    queries = tree / STORE / "analyses.py"
    queries.write_text("", encoding="utf-8")
    path = tree / STORE / "roles.py"
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")
    assert queries in migrating.parts(tree)


def test_what_is_for_types_alone_has_none(tree):
    path = tree / STORE / "roles.py"
    types = "if TYPE_CHECKING:\n    from fastbreak_service.store.analyses import AnalysisStore\n"
    path.write_text(path.read_text(encoding="utf-8") + types, encoding="utf-8")
    (tree / STORE / "analyses.py").write_text("", encoding="utf-8")
    assert tree / STORE / "analyses.py" not in migrating.parts(tree)
