"""What every test shares.

Import roots are set by `pythonpath` in pyproject.toml: the clone itself, and the collection by its full name
(`ansible_collections.fastbreak.aws`) beside amazon.aws of the virtual environment.
"""

from tools.strict_skips import pytest_make_collect_report, pytest_runtest_makereport

__all__ = ["pytest_make_collect_report", "pytest_runtest_makereport"]
