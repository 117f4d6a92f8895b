# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Some broken and hostile files of each kind through both ways; a thousand: `benchmarks/mutants.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.mutants import KINDS, Mutant, bases, mutants
from support.ways import GOOD, by_api, by_command, faults

if TYPE_CHECKING:
    from pathlib import Path

    from support.service import Service


@pytest.fixture(scope="module")
def some(tmp_path_factory: pytest.TempPathFactory) -> list[Mutant]:
    return list(mutants(bases(tmp_path_factory.mktemp("bases")), len(KINDS), seed=11))


def test_each_is_the_same_again_and_there_are_some_of_each_kind(some: list[Mutant], tmp_path: Path) -> None:
    again = list(mutants(bases(tmp_path / "again"), len(KINDS), seed=11))
    differ = [one.kind for one, other in zip(some, again, strict=True) if one != other]
    assert differ == []
    assert [mutant.kind for mutant in some] == list(KINDS)


def test_whatever_is_sent_ends_in_a_result_or_a_reason(service: Service, some: list[Mutant]) -> None:
    ends = [by_api(service, mutant) for mutant in some]
    assert [(m.kind, m.name, end) for m, end in zip(some, ends, strict=True) if end.problem] == []
    assert faults(service) == []
    assert {end.code for end in ends} > {GOOD}


def test_the_command_line_says_so_too(some: list[Mutant], tmp_path: Path, models_directory: Path) -> None:
    assert models_directory.is_dir()
    few = some[::5]
    ends = [by_command(mutant, tmp_path) for mutant in few]
    assert [(m.kind, m.name, end) for m, end in zip(few, ends, strict=True) if end.problem] == []
