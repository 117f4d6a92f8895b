# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The ledger names contract tests that exist."""

import re
from pathlib import Path

import pytest

from sandbox.services import SERVICES

HERE = Path(__file__).parent
LEDGER = (HERE.parents[1] / "sandbox" / "FIDELITY.md").read_text()
NAMED = sorted(set(re.findall(r"`((?:services/\w+/)?test_\w+\.py)(?:::(\w+))?`", LEDGER)))


def test_the_ledger_names_tests():
    assert len(NAMED) > 10


@pytest.mark.parametrize(("file", "test"), NAMED)
def test_each_named_contract_test_exists(file, test):
    assert (HERE / file).exists(), f"FIDELITY.md names tests/sandbox/{file}"
    if test:
        assert f"def {test}(" in (HERE / file).read_text(), f"FIDELITY.md names {file}::{test}"


def test_each_row_names_what_emulates_it():
    rows = [line.split(" | ") for line in LEDGER.splitlines() if line.startswith("| ") and "emulated by" not in line]
    named = {name for row in rows for name in row[1].replace("`", "").split(", ")}
    assert named <= {"MiniStack", *SERVICES}


def test_each_row_says_whether_aws_was_asked():
    rows = [line for line in LEDGER.splitlines() if line.startswith("| ") and not line.startswith("| behaviour")]
    assert [row for row in rows if len(row.split(" | ")) != 5] == []
    assert [row for row in rows if not re.search(r"\| (not verified|verified \d{4}-\d\d-\d\d) \|$", row)] == []
