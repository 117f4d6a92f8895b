# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every test shares.

Import roots are set by `pythonpath` in pyproject.toml: the clone itself, and the collection by its full name
(`ansible_collections.fastbreak.aws`) beside amazon.aws of the virtual environment.
"""

import os

from tools.strict_skips import pytest_make_collect_report, pytest_runtest_makereport

__all__ = ["pytest_make_collect_report", "pytest_runtest_makereport"]

# Tests read the recap and the tasks of playbooks that they run; the quiet callback of ansible.cfg has tests of its own.
os.environ["ANSIBLE_STDOUT_CALLBACK"] = "ansible.builtin.default"
