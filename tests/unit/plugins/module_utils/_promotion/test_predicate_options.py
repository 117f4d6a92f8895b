# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The option ``predicates``: a type each, one image, nothing that another option makes."""

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.predicate_options import (
    Predicate,
    predicate_problems,
    predicate_spec,
    read_predicates,
)

SLSA = "https://slsa.dev/provenance/v1"
GIVEN = {"type": SLSA, "command": ["say", "it"]}


def problems(*given, images=1):
    return list(predicate_problems(list(given), images=images))


def test_they_are_read_as_they_are_given():
    assert set(GIVEN) == set(predicate_spec())
    assert read_predicates([GIVEN]) == (Predicate(SLSA, ("say", "it")),)
    assert read_predicates(None) == ()
    assert not list(predicate_problems(None, images=7))
    assert not problems(GIVEN, {**GIVEN, "type": "urn:other"})


@pytest.mark.parametrize(
    ("given", "images", "message"),
    [
        ([], 1, "is empty"),
        ([GIVEN], 2, "a single image, and 2 are named"),
        ([GIVEN, GIVEN], 1, "a type twice"),
        ([{**GIVEN, "type": "provenance"}], 1, "no URI"),
        ([{**GIVEN, "type": "https://fastbreak.dev/attestations/promotion/v1"}], 1, "which the option attest makes"),
        ([{**GIVEN, "command": []}], 1, "no command"),
    ],
)
def test_what_cannot_be_meant_is_refused(given, images, message):
    (problem,) = problems(*given, images=images)
    assert message in problem
