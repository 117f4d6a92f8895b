# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Commands that say what is to be stated: one JSON object, or a sentence that says what was wrong."""

import sys

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError, RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.adapters.predicate_commands import (
    PredicateCommands,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.predicate_options import Predicate

pytestmark = pytest.mark.process


def made(program, said=None):
    return PredicateCommands((said if said is not None else []).append).make(
        Predicate("urn:test", (sys.executable, "-c", program)), "sha256:1"
    )


def test_the_object_that_a_command_prints_is_taken():
    said = []
    assert made("print('{\"a\": 1}')", said) == {"a": 1}
    assert said == ["  · finding out what to state as urn:test"]
    told = "import json, os; print(json.dumps({'config': os.environ['IMAGE_CONFIG_DIGEST']}))"
    assert made(told) == {"config": "sha256:1"}


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("print([1])", "is no JSON object"),
        ("print('no')", "is no JSON object"),
        ("import sys; sys.exit('the image is gone')", "ended with 1: the image is gone"),
        ("raise SystemExit(3)", "ended with 3: it said nothing"),
        ("print(' ' * (9 << 20))", "are the limit"),
    ],
)
def test_anything_else_is_refused(program, message):
    with pytest.raises(OperationError, match=message):
        made(program)


def test_a_program_that_is_not_there_is_named():
    with pytest.raises(RequestError, match="could not be run: No such file"):
        PredicateCommands(print).make(Predicate("urn:test", ("/nowhere/at-all",)), "")
