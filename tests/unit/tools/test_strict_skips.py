"""A skip on CI, as pytest itself runs and reports it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.files import ROOT

TESTS = {
    "undeclared": "import pytest\ndef test_x(): pytest.skip('no engine')\n",
    "undeclared mark": "import pytest\n@pytest.mark.skipif(True, reason='no engine')\ndef test_x(): pass\n",
    "undeclared module": "import pytest\npytest.skip('no engine', allow_module_level=True)\n",
    "declared": "import pytest\ndef test_x(): pytest.skip('declared: no engine')\n",
    "expected failure": "import pytest\n@pytest.mark.xfail\ndef test_x(): assert 0\n",
}


def outcome(folder: Path, test: str, ci: str) -> int:
    (folder / "test_x.py").write_text(TESTS[test] + "\ndef test_y(): pass\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tools.strict_skips", "-p", "no:cacheprovider", "test_x.py"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CI": ci}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False).returncode


@pytest.mark.parametrize("test", ["undeclared", "undeclared mark", "undeclared module"])
def test_on_ci_an_undeclared_skip_fails(tmp_path: Path, test: str) -> None:
    assert outcome(tmp_path, test, "true") != 0


@pytest.mark.parametrize("test", ["declared", "expected failure"])
def test_on_ci_what_is_declared_passes(tmp_path: Path, test: str) -> None:
    assert outcome(tmp_path, test, "true") == 0


@pytest.mark.parametrize("test", ["undeclared", "undeclared mark"])
def test_elsewhere_a_skip_is_a_skip(tmp_path: Path, test: str) -> None:
    assert outcome(tmp_path, test, "") == 0
