"""The import rule, held against every file, and the checker held against violations."""

from pathlib import Path, PurePosixPath

import pytest

from tools.files import ROOT, project_files
from tools.import_rules import CLIENTS, CORE, FLOWS, cycles, imported, violations

SOURCES = [
    path for path in project_files("*.py") if path.parts[0] in {"plugins", "service", "sandbox", "demo", "tools"}
]
FULL = "ansible_collections.fastbreak.aws.plugins"


def test_every_part_imports_only_what_lies_below_it() -> None:
    found = [
        problem
        for path in SOURCES
        for problem in violations(PurePosixPath(path), (ROOT / path).read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize("folder", [CORE, FLOWS, CLIENTS])
def test_no_module_imports_itself_in_a_circle(folder: str) -> None:
    assert cycles(ROOT / folder) == []


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("plugins/module_utils/_core/x.py", "import boto3"),
        ("plugins/module_utils/_core/x.py", "from .._flows import rollout"),
        ("plugins/module_utils/_core/x.py", "from .._clients.ecs import Ecs"),
        ("plugins/module_utils/_core/x.py", "from ansible.module_utils.basic import AnsibleModule"),
        ("plugins/module_utils/_core/x.py", f"from {FULL}.module_utils._flows.rollout import roll_out"),
        ("plugins/module_utils/_core/x.py", "def f():\n    import sandbox.server"),
        ("plugins/module_utils/_flows/x.py", "from .._clients import ecs"),
        ("plugins/module_utils/_flows/x.py", "import botocore.exceptions"),
        ("plugins/module_utils/_clients/x.py", "from .._flows.ports import Ecs"),
        ("plugins/module_utils/_clients/x.py", f"import {FULL}.module_utils._flows.ports"),
        ("plugins/module_utils/_errors.py", "from ._core import verdict"),
        ("plugins/modules/x.py", f"from {FULL}.action.x import ActionModule"),
        ("plugins/modules/x.py", "import sandbox"),
        ("plugins/modules/x.py", f"from {FULL}.modules.y import main"),
        ("plugins/modules/x.py", "from fastbreak_service import settings"),
        ("plugins/action/x.py", "from tools.files import ROOT"),
        ("service/src/fastbreak_service/x.py", f"from {FULL}.module_utils._core import verdict"),
        ("service/src/fastbreak_service/x.py", "import sandbox.addresses"),
        ("service/build.py", "from tools import docker_cli"),
        ("sandbox/x.py", f"from {FULL}.module_utils._core import verdict"),
        ("tools/x.py", "import sandbox"),
    ],
)
def test_the_checker_sees(path: str, source: str) -> None:
    assert len(violations(PurePosixPath(path), source)) == 1


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("plugins/module_utils/_core/x.py", "from dataclasses import dataclass\nfrom .verdict import Verdict"),
        ("plugins/module_utils/_core/x.py", "from .._errors import RequestError"),
        ("plugins/module_utils/_flows/x.py", "from .._core.verdict import Verdict\nfrom .ports import Ecs"),
        ("plugins/module_utils/_clients/x.py", "import boto3\nfrom .._core import verdict"),
        ("plugins/modules/x.py", f"from {FULL}.module_utils._flows.rollout import roll_out"),
        ("plugins/action/x.py", "from ..modules.x import build_argument_spec\nfrom ..plugin_utils._aws import A"),
        ("service/src/fastbreak_service/x.py", "import numpy\nfrom fastbreak_service.errors import AnalysisError"),
    ],
)
def test_the_checker_lets_pass(path: str, source: str) -> None:
    assert violations(PurePosixPath(path), source) == []


def test_relative_imports_are_made_absolute() -> None:
    path = PurePosixPath("plugins/module_utils/_flows/x.py")
    assert [name for _line, name in imported(path, "from .._core.verdict import Verdict\nfrom . import ports")] == [
        "plugins.module_utils._core.verdict.Verdict",
        "plugins.module_utils._flows.ports",
    ]


def test_the_checker_sees_a_circle(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("from .b import B\n")
    (tmp_path / "b.py").write_text("def f():\n    from . import c\n")
    (tmp_path / "c.py").write_text("from .a import A\n")
    assert cycles(tmp_path) == ["a -> b -> c -> a"]


def test_a_circle_that_only_a_type_checker_walks_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("from .b import B\n")
    (tmp_path / "b.py").write_text("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .a import A\n")
    assert cycles(tmp_path) == []
