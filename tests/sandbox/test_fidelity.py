# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The ledger names contract tests that exist."""

import re
from collections import Counter
from pathlib import Path

import pytest

from sandbox.services import SERVICES

HERE = Path(__file__).parent
LEDGER = (HERE.parents[1] / "sandbox" / "FIDELITY.md").read_text()
NAMED = sorted(set(re.findall(r"`((?:services/\w+/)?test_\w+\.py)(?:::(\w+))?`", LEDGER)))

COLUMNS = ("behaviour", "emulated by", "follows", "evidence", "contract test", "verified on AWS")
EVIDENCE = {
    "recording": r"\brecordings?\b",
    "model": r"\bmodels?\b|\bschemas?\b|\btemplate reference\b",
    "document": r"\w",
    "nobody": r"",
}
"""What to find in the column "follows" for each kind, the best first."""

ROWS = [
    re.split(r"(?<!\\) \| ", line.removeprefix("| ").removesuffix(" |"))
    for table in re.findall(r"^\| behaviour \|.*\n\|[-|]+\|\n((?:\|.*\n)*)", LEDGER, re.MULTILINE)
    for line in table.splitlines()
]


def evidence_of(follows: str) -> str:
    return next(kind for kind, words in EVIDENCE.items() if re.search(words, follows, re.IGNORECASE))


def test_the_ledger_names_tests():
    assert len(NAMED) > 10


@pytest.mark.parametrize(("file", "test"), NAMED)
def test_each_named_contract_test_exists(file, test):
    assert (HERE / file).exists(), f"FIDELITY.md names tests/sandbox/{file}"
    if test:
        assert f"def {test}(" in (HERE / file).read_text(), f"FIDELITY.md names {file}::{test}"


def test_each_line_of_a_table_is_a_row_or_a_sum():
    lines = re.findall(r"^\| (?!behaviour \||evidence \|)", LEDGER, re.MULTILINE)
    assert len(lines) == len(ROWS) + len(EVIDENCE)


def test_each_row_has_six_columns():
    wrong = [" | ".join(row) for row in ROWS if len(row) != len(COLUMNS)]
    assert not wrong, f"Each row of FIDELITY.md needs the columns {', '.join(COLUMNS)}."


def test_each_row_names_what_emulates_it():
    named = {name for row in ROWS for name in row[1].replace("`", "").split(", ")}
    assert named <= {"MiniStack", *SERVICES}


def test_each_row_names_the_best_evidence_that_it_follows():
    wrong = [f"{row[0]}: not {row[3]} but {evidence_of(row[2])}" for row in ROWS if row[3] != evidence_of(row[2])]
    assert not wrong, "These rows of FIDELITY.md follow evidence of another kind."


def test_the_sums_are_those_of_the_rows():
    sums = dict(re.findall(r"^\| (\w+) \| (\d+) \|$", LEDGER, re.MULTILINE))
    counted = Counter(row[3] for row in ROWS)
    assert sums == {kind: str(counted[kind]) for kind in EVIDENCE}


def test_each_row_says_whether_aws_was_asked():
    assert [row for row in ROWS if not re.fullmatch(r"not verified|verified \d{4}-\d\d-\d\d", row[-1])] == []


@pytest.mark.parametrize(
    ("follows", "evidence"),
    [
        ("User guide; recording of LocalStack", "recording"),
        ("ECS API model, Service; developer guide", "model"),
        ("Resource provider schemas", "model"),
        ("Template reference, AWS::S3::Bucket", "model"),
        ("`handlers` of the types' schemas", "model"),
        ("API reference, CreateService", "document"),
        ("\N{EN DASH}", "nobody"),
    ],
)
def test_evidence_has_a_rank(follows, evidence):
    assert evidence_of(follows) == evidence
