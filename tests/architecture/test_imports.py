# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The contracts of `.importlinter`, held against the project, and the contracts held against violations."""

import os
import re
import shutil
import subprocess
import sys
from configparser import ConfigParser
from copy import deepcopy
from pathlib import Path

import grimp
import pytest

from tools.files import ROOT, project_files

CONFIG = ".importlinter"
COLLECTION = "ansible_collections.fastbreak.aws.plugins"
UTILS = f"{COLLECTION}.module_utils"
SERVICE = "service/src/fastbreak_service"
PARTS = ("benchmarks", "demo", "plugins", "sandbox", "service", "tools")

# What is planted into a copy: the contract that it breaks, the file, what it imports, the module that is reported.
PLANTED = [
    ("parts", "sandbox/planted.py", f"import {UTILS}._errors", f"{UTILS}._errors"),
    ("parts", "sandbox/planted.py", "from tools import files", "tools.files"),
    ("parts", "tools/planted.py", "import sandbox.addresses", "sandbox.addresses"),
    ("parts", "tools/planted.py", "def f():\n    from demo import console", "demo.console"),
    ("parts", "plugins/modules/planted.py", "import sandbox.addresses", "sandbox.addresses"),
    ("parts", "plugins/modules/planted.py", "from fastbreak_service import settings", "fastbreak_service.settings"),
    ("parts", "plugins/action/planted.py", "from tools.files import ROOT", "tools.files"),
    ("parts", f"{SERVICE}/planted.py", f"from {UTILS}._common import verdict", f"{UTILS}._common.verdict"),
    ("parts", f"{SERVICE}/planted.py", "import sandbox.addresses", "sandbox.addresses"),
    ("demo", "demo/planted.py", "from fastbreak_service import settings", "fastbreak_service.settings"),
    ("demo", "demo/planted.py", f"from {COLLECTION}.modules import ecs_rollout", f"{COLLECTION}.modules.ecs_rollout"),
    ("service", "service/planted.py", "from tools import files", "tools.files"),
    ("plugins", "plugins/modules/planted.py", "from ..action import ecs_rollout", f"{COLLECTION}.action.ecs_rollout"),
    ("plugins", "plugins/module_utils/_oci/planted.py", "from ...modules import ecr_image", f"{COLLECTION}.modules"),
    ("modules", "plugins/modules/planted.py", f"import {COLLECTION}.modules.ecr_image", f"{COLLECTION}.modules"),
    ("domains", "plugins/module_utils/_stack/planted.py", "from .._rollout import run", f"{UTILS}._rollout.run"),
    ("domains", "plugins/module_utils/_publish/planted.py", "from .._stack.types import X", f"{UTILS}._stack.types"),
    ("domains", "plugins/module_utils/_release/planted.py", "from .._promotion import run", f"{UTILS}._promotion.run"),
    ("domains", "plugins/module_utils/_ecr/planted.py", "from .._release import record", f"{UTILS}._release.record"),
    ("domains", "plugins/module_utils/_oci/planted.py", "from .._ecr import values", f"{UTILS}._ecr.values"),
    ("domains", "plugins/module_utils/_aws/planted.py", "from .._oci import model", f"{UTILS}._oci.model"),
    ("domains", "plugins/module_utils/_common/planted.py", "from .._aws import api", f"{UTILS}._aws.api"),
    ("oci", "plugins/module_utils/_oci/remote/planted.py", "from ..transfer import job", f"{UTILS}._oci.transfer.job"),
    ("release", "plugins/module_utils/_release/ports.py", "from .table import ReleaseTable", f"{UTILS}._release.table"),
    ("stack", "plugins/module_utils/_stack/types.py", "from . import template", f"{UTILS}._stack.template"),
    ("stack", "plugins/module_utils/_stack/wait.py", "from .operation import start", f"{UTILS}._stack.operation"),
    ("promotion", "plugins/module_utils/_promotion/gates/planted.py", "from ..session import x", f"{UTILS}._promotion"),
    ("promotion", "plugins/module_utils/_promotion/plan.py", "from .state import x", f"{UTILS}._promotion.state"),
    ("rollout", "plugins/module_utils/_rollout/gates/planted.py", "from ..judge import watch", f"{UTILS}._rollout"),
    ("rollout", "plugins/module_utils/_rollout/strategies/planted.py", "from .. import undo", f"{UTILS}._rollout.undo"),
    ("rollout-parts", "plugins/module_utils/_rollout/judge/decision.py", "from . import watch", f"{UTILS}._rollout"),
    ("rollout", "plugins/module_utils/_rollout/values.py", "from . import ports", f"{UTILS}._rollout.ports"),
    ("site", "plugins/module_utils/_site/plan.py", "from .state import x", f"{UTILS}._site.state"),
    ("edges", "plugins/module_utils/_rollout/planted.py", "import botocore.exceptions", "botocore"),
    ("edges", "plugins/module_utils/_stack/planted.py", "def f():\n    import yaml", "yaml"),
    ("edges", "plugins/module_utils/_promotion/gates/planted.py", "from time import monotonic", "time"),
    ("edges", "plugins/module_utils/_publish/planted.py", "import subprocess", "subprocess"),
    ("edges", "plugins/module_utils/_common/planted.py", "import http.client", "http"),
    ("edges", "plugins/module_utils/_oci/planted.py", "import socket", "socket"),
    (
        "edges",
        "plugins/module_utils/_promotion/planted.py",
        "from ansible.module_utils.basic import AnsibleModule",
        "ansible",
    ),
    ("edges", "plugins/module_utils/_rollout/planted.py", "from .adapters import ecs", f"{UTILS}._rollout.adapters"),
    ("edges", "plugins/module_utils/_promotion/planted.py", "from .._oci.remote import http", f"{UTILS}._oci.remote"),
    ("edges", "plugins/module_utils/_release/planted.py", "from .table import Table", f"{UTILS}._release.table"),
    ("sandbox", "sandbox/side_table.py", "from sandbox import host", "sandbox.host"),
    (
        "sandbox-services",
        "sandbox/services/elbv2/planted.py",
        "from sandbox.services.ecs import api",
        "sandbox.services",
    ),
    ("sandbox-parts", "sandbox/services/ecs/model/planted.py", "from .. import api", "sandbox.services.ecs.api"),
    ("sandbox-seam", "sandbox/services/ecs/planted.py", "from ministack.services import ecs", "ministack"),
    ("adapters", "plugins/module_utils/_rollout/adapters/planted.py", "from .. import run", f"{UTILS}._rollout.run"),
]


def contracts() -> ConfigParser:
    config = ConfigParser()
    config.read(ROOT / CONFIG, encoding="utf-8")
    return config


def lint_imports(root: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter on a tree, which must not lie under the name of modules that this process has loaded."""
    path = os.pathsep.join(str(root / folder) for folder in (".ansible/collections", "service/src"))
    return subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--config", CONFIG, "--no-cache", "--no-logo"],
        cwd=root,
        env={**os.environ, "PYTHONPATH": path, "COLUMNS": "1000", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_project_keeps_its_contracts() -> None:
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project's Python files."""
    root = tmp_path_factory.mktemp("copy")
    for path in project_files(*(f"{part}/*.py" for part in PARTS)):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, root / path)
    shutil.copy(ROOT / CONFIG, root)
    link = root / ".ansible/collections/ansible_collections/fastbreak/aws"
    link.parent.mkdir(parents=True)
    link.symlink_to(root)
    return root


def numbered(number: int, file: str) -> str:
    return file.replace("planted.py", f"planted_{number}.py")


@pytest.fixture(scope="module")
def report(copy: Path) -> dict[str, str]:
    """What is reported about each contract that is broken, when everything is planted at once."""
    for number, (_contract, file, line, _reported) in enumerate(PLANTED):
        with (copy / numbered(number, file)).open("a", encoding="utf-8") as source:
            source.write(f"\n{line}\n")
    _plant_circles(copy)
    config = contracts()
    titles = {config[section]["name"]: section.rpartition(":")[2] for section in config.sections()[1:]}
    done = lint_imports(copy)
    assert "Broken contracts" in done.stdout, done.stdout + done.stderr
    parts = re.split(r"^(.+)\n-+\n", done.stdout.partition("Broken contracts\n")[2], flags=re.MULTILINE)
    return {titles[title]: text for title, text in zip(parts[1::2], parts[2::2], strict=True)}


def _plant_circles(root: Path) -> None:
    """Two files that import each other, and two folders that do so although their files do not."""
    (root / "tools/circle_a.py").write_text("from tools import circle_b\n", encoding="utf-8")
    (root / "tools/circle_b.py").write_text("def f():\n    from tools import circle_a\n", encoding="utf-8")
    for folder, other in (("circle_c", "circle_d"), ("circle_d", "circle_c")):
        package = root / "plugins/module_utils/_stack" / folder
        package.mkdir()
        (package / "__init__.py").touch()
        (package / "values.py").touch()
        (package / "user.py").write_text(f"from ..{other} import values\n", encoding="utf-8")


@pytest.mark.parametrize("number", range(len(PLANTED)), ids=[f"{case[0]}: {case[1]}: {case[2]}" for case in PLANTED])
def test_a_contract_sees(number: int, report: dict[str, str]) -> None:
    contract, file, _line, reported = PLANTED[number]
    module = numbered(number, file).removesuffix(".py").removeprefix("service/src/").replace("/", ".")
    importer = re.sub(r"^plugins\b", COLLECTION, module)
    assert f"{importer} -> {reported}" in report[contract]


@pytest.mark.parametrize(("package", "member"), [("tools", ".circle_a"), (f"{UTILS}._stack", ".circle_c")])
def test_the_contract_sees_circles(package: str, member: str, report: dict[str, str]) -> None:
    (section,) = (part for part in report["cycles"].split("No cycles are allowed in ") if part.startswith(package))
    assert member in section


def test_a_file_that_has_no_place_in_its_domain_is_named(report: dict[str, str]) -> None:
    assert f"{UTILS}._stack.circle_c" in report["stack"].partition("not listed as layers")[2]


def test_no_contract_is_untried(report: dict[str, str]) -> None:
    assert {f"importlinter:contract:{contract}" for contract in report} == set(contracts().sections()[1:])


def test_every_library_that_module_utils_need_is_kept_to_the_edges() -> None:
    """One that the contract does not name could be imported anywhere."""
    named = contracts()["importlinter:contract:edges"]["forbidden_modules"].split()
    graph = grimp.build_graph(COLLECTION, include_external_packages=True, cache_dir=None)
    imported = {
        name
        for module in graph.find_descendants(UTILS)
        for name in graph.find_modules_directly_imported_by(module)
        if graph.is_module_squashed(name) and name not in sys.stdlib_module_names
    }
    assert {"ansible", "botocore"} <= imported
    assert {name for name in imported if not any(f"{entry}.".startswith(f"{name}.") for entry in named)} == set()


@pytest.fixture(scope="module")
def collection() -> grimp.ImportGraph:
    return grimp.build_graph(COLLECTION, cache_dir=None)


def domains_by_plugin(graph: grimp.ImportGraph) -> dict[str, set[str]]:
    """The domains that each plugin knows, be it by its own imports or by those of what it imports.

    Domains lie in the topmost layer of the contract on them.
    """
    topmost = contracts()["importlinter:contract:domains"]["layers"].split("\n")[1]
    roots = {f"{UTILS}.{name.strip()}" for name in topmost.split("|")}
    assert len(roots) >= 4
    return {
        plugin: {root for root in roots if any(f"{name}.".startswith(f"{root}.") for name in known)}
        for kind in ("action", "filter", "modules")
        for plugin in graph.find_children(f"{COLLECTION}.{kind}")
        if (known := graph.find_upstream_modules(plugin))
    }


def test_modules_actions_and_filters_know_a_single_domain(collection: grimp.ImportGraph) -> None:
    known = domains_by_plugin(collection)
    assert known[f"{COLLECTION}.action.ecs_rollout"] == {f"{UTILS}._rollout"}
    assert {plugin: domains for plugin, domains in known.items() if len(domains) > 1} == {}


@pytest.mark.parametrize("importer", ["modules.ecs_rollout", "action.ecs_rollout", "plugin_utils._entry_action"])
def test_the_check_for_a_second_domain_sees(importer: str, collection: grimp.ImportGraph) -> None:
    planted = deepcopy(collection)
    planted.add_import(importer=f"{COLLECTION}.{importer}", imported=f"{UTILS}._promotion.gates.table")
    both = {f"{UTILS}._rollout", f"{UTILS}._promotion"}
    assert domains_by_plugin(planted)[f"{COLLECTION}.action.ecs_rollout"] == both
