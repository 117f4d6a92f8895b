# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter that tells numbers from versions."""

from __future__ import annotations

from ansible_collections.fastbreak.aws.plugins.filter.texts import FilterModule


def test_a_number_is_told_by_the_variables_name_and_text_is_not() -> None:
    problem = FilterModule().filters()["version_problem"]
    assert problem(1.10, "image_promotion_version").startswith("image_promotion_version is read as the number 1.1")
    assert problem("1.10", "image_promotion_version") == ""
