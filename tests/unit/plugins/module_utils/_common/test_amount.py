# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.amount import amount


@pytest.mark.parametrize(
    ("number", "expected"),
    [(0, "0 tasks"), (1, "1 task"), (2, "2 tasks"), (1.0, "1 task"), (0.5, "0.5 tasks"), (1_234_567, "1234567 tasks")],
)
def test_the_thing_fits_its_number(number: float, expected: str) -> None:
    assert amount(number, "task") == expected


def test_a_plural_may_be_another_word() -> None:
    assert [amount(number, "entry", "entries") for number in (1, 2)] == ["1 entry", "2 entries"]
