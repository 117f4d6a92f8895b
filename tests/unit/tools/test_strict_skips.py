# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A skip on CI, as pytest itself runs and reports it."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tools.files import ROOT

TESTS = {
    "undeclared": "import pytest\ndef test_x(): pytest.skip('no engine')\n",
    "undeclared_mark": "import pytest\n@pytest.mark.skipif(True, reason='no engine')\ndef test_x(): pass\n",
    "undeclared_module": "import pytest\npytest.skip('no engine', allow_module_level=True)\n",
    "declared": "import pytest\ndef test_x(): pytest.skip('declared: no engine')\n",
    "expected_failure": "import pytest\n@pytest.mark.xfail\ndef test_x(): assert 0\n",
}


def outcomes(folder: Path, ci: str) -> tuple[int, dict[str, str]]:
    """Run all of TESTS; return pytest's exit code, and its word for each file."""
    for name, source in TESTS.items():
        (folder / f"test_{name}.py").write_text(source)
    (folder / "test_passes.py").write_text("def test_y(): pass\n")
    # One `-v` names what ran; what fails while it is collected is named in the summary.
    options = ["-v", "-rE", "-p", "tools.strict_skips", "-p", "no:cacheprovider", "--continue-on-collection-errors"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CI": ci, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    ran = re.findall(r"^test_(\w+)\.py::\w+ (\w+)", done.stdout, flags=re.MULTILINE)
    failed = re.findall(r"^(ERROR) test_(\w+)\.py", done.stdout, flags=re.MULTILINE)
    return done.returncode, {**dict(ran), **{name: word for word, name in failed}}


def test_on_ci_every_undeclared_skip_fails_and_nothing_else(tmp_path: Path) -> None:
    assert outcomes(tmp_path, "true") == (
        1,
        {
            "undeclared": "FAILED",
            "undeclared_mark": "ERROR",
            "undeclared_module": "ERROR",
            "declared": "SKIPPED",
            "expected_failure": "XFAIL",
            "passes": "PASSED",
        },
    )


def test_elsewhere_a_skip_is_a_skip(tmp_path: Path) -> None:
    assert outcomes(tmp_path, "") == (
        0,
        {
            "undeclared": "SKIPPED",
            "undeclared_mark": "SKIPPED",
            "declared": "SKIPPED",
            "expected_failure": "XFAIL",
            "passes": "PASSED",
        },
    )
