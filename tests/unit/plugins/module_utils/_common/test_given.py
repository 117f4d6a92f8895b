# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options as they were given: where null and numbers can still be told from texts."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.fastbreak.aws.plugins.module_utils._common.given import (
    GivenOption,
    empty_problems,
    given_options,
    number_problems,
    shape_problems,
    text_problem,
    text_problems,
)
from hypothesis import given
from hypothesis import strategies as st

SPEC: dict[str, Any] = {
    "tag": {"type": "str"},
    "tags": {"type": "list", "elements": "str"},
    "gates": {"type": "dict", "options": {"age": {"type": "dict", "options": {"hours": {"type": "float"}}}}},
    "images": {"type": "list", "elements": "dict", "options": {"tag": {"type": "str"}}},
}
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*SPEC, "age", "hours"]), inner),
    max_leaves=20,
)


def test_options_are_found_wherever_they_lie() -> None:
    options = {"tag": 1.1, "tags": ["a"], "gates": {"age": None}, "images": [{"tag": "b"}], "other": {"tag": 1}}
    assert list(given_options(SPEC, options)) == [
        GivenOption("tag", "tag", 1.1),
        GivenOption("tags", "tags", ["a"], "list"),
        GivenOption("tags[0]", "tags", "a"),
        GivenOption("gates", "gates", {"age": None}, "dict", ("age",)),
        GivenOption("gates.age", "gates.age", None, "dict", ("hours",)),
        GivenOption("images", "images", [{"tag": "b"}], "list", ("tag",)),
        GivenOption("images[0]", "images", {"tag": "b"}, "dict", ("tag",)),
        GivenOption("images[0].tag", "images.tag", "b"),
    ]


def test_a_text_may_stand_for_a_mapping_as_it_does_for_ansible() -> None:
    assert next(empty_problems(given_options(SPEC, {"gates": '{"age": null}'}), ("gates",))).startswith(
        "gates.age is given"
    )
    assert next(text_problems(given_options(SPEC, {"images": ['{"tag": 1.10}']}), ("tag",))).startswith(
        "images[0].tag is read"
    )


@given(st.dictionaries(st.sampled_from(list(SPEC)), ANYTHING))
def test_no_shape_is_a_traceback(options: dict[str, Any]) -> None:
    list(empty_problems(given_options(SPEC, options), ("gates",)))
    list(text_problems(given_options(SPEC, options), ("tag", "tags")))
    list(shape_problems(given_options(SPEC, options)))


@pytest.mark.parametrize("value", [False, 0, 1.5, "x", "", date(2024, 1, 1), [], [7]])
def test_what_can_hold_no_options_is_told_by_name_with_those_that_are_wanted(value: Any) -> None:
    (problem,) = shape_problems(given_options(SPEC, {"gates": value}))
    assert problem.startswith("gates is ")
    assert problem.endswith("where a mapping is wanted; write the options age below it, or leave it out")


@pytest.mark.parametrize(
    ("options", "place"),
    [
        ({"images": 7}, "images"),
        ({"images": {"tag": "a"}}, "images"),
        ({"images": [{"tag": "a"}, None]}, "images[1]"),
        ({"images": "x"}, "images[0]"),
        ({"gates": {"age": 1}}, "gates.age"),
    ],
)
def test_entries_of_a_list_and_options_below_options_are_told_by_their_place(
    options: dict[str, Any], place: str
) -> None:
    (problem,) = shape_problems(given_options(SPEC, options))
    assert problem.startswith(f"{place} is ")


@pytest.mark.parametrize("key", [None, 1, 1.5, True, ("a", "b"), date(2024, 1, 1)])
@pytest.mark.parametrize(
    ("place", "options"),
    [("gates", lambda key: {"gates": {key: 1}}), ("images[0]", lambda key: {"images": [{key: 1}]})],
)
def test_a_name_of_an_option_that_is_no_text_is_told(place: str, options: Any, key: Any) -> None:
    (problem,) = shape_problems(given_options(SPEC, options(key)))
    assert problem.startswith(f"{place} holds an option whose name is ")


def test_a_text_that_cannot_be_sent_is_told() -> None:
    (problem,) = shape_problems(given_options(SPEC, {"tag": "a\ud800"}))
    assert problem.startswith("tag holds half of a character")


@pytest.mark.parametrize("value", [float("inf"), float("nan"), "inf", "-Infinity", "NaN"])
def test_a_count_that_never_ends_is_told(value: Any) -> None:
    (problem,) = shape_problems(given_options({"count": {"type": "int"}}, {"count": value}))
    assert problem.startswith("count is read as the number ")


@pytest.mark.parametrize("kind", ["int", "float"])
@pytest.mark.parametrize("value", [True, False])
def test_true_and_false_are_no_numbers(kind: str, value: bool) -> None:
    for spec in ({"count": {"type": kind}}, {"count": {"type": "list", "elements": kind}}):
        options = {"count": value if spec["count"]["type"] == kind else [value]}
        (problem,) = shape_problems(given_options(spec, options))
        assert "where a number is wanted" in problem
    assert (
        list(
            shape_problems(
                given_options({"flag": {"type": "bool"}, "count": {"type": kind}}, {"flag": value, "count": 1})
            )
        )
        == []
    )


@pytest.mark.parametrize("value", [1.10, 7, True])
def test_a_number_that_stands_for_a_list_of_texts_is_no_text(value: Any) -> None:
    (problem,) = text_problems(given_options(SPEC, {"tags": value}), ("tags",))
    assert problem.startswith("tags[0] is read as")


@pytest.mark.parametrize("value", [1.10, 7, True, False, float("nan"), 0])
def test_a_number_is_no_name_and_is_not_shown(value: Any) -> None:
    spec = {"name": {}, "file": {"type": "path"}, "names": {"type": "list"}, "count": {"type": "int"}}
    given = {"name": value, "file": value, "names": ["a", value], "count": value}
    problems = list(number_problems(given_options(spec, given)))
    assert [problem.partition(" ")[0] for problem in problems] == ["name", "file", "names[1]"]
    assert all(problem.partition(" ")[2].startswith("must be text") for problem in problems)
    assert len({problem.partition(" ")[2] for problem in problems}) == 1
    assert not list(number_problems(given_options(spec, given), texts=("name", "file", "names")))


@pytest.mark.parametrize(("value", "refused"), [(7, False), (0, False), (1.5, True), (True, True), ("on", False)])
def test_numerals_take_whole_numbers(value: Any, refused: bool) -> None:
    assert (
        bool(list(number_problems(given_options({"account": {}}, {"account": value}), numerals=("account",))))
        is refused
    )


@pytest.mark.parametrize("value", [None, {}, "{}", '{"age": null}', "other=1"])
def test_null_and_what_reads_as_a_mapping_hold_options(value: Any) -> None:
    assert list(shape_problems(given_options(SPEC, {"gates": value}))) == []


@pytest.mark.parametrize("value", [None, "", "  ", "\n"])
def test_what_is_empty_is_told_where_it_protects_and_nowhere_else(value: Any) -> None:
    assert list(empty_problems(given_options(SPEC, {"tag": value, "gates": {"age": {"hours": 1}}}), ("gates",))) == []
    (problem,) = empty_problems(given_options(SPEC, {"tag": value}), ("tag",))
    assert problem.startswith("tag is given without a value (")
    assert len(list(empty_problems(given_options(SPEC, {"gates": {"age": {"hours": value}}}), ("gates",)))) == 1


def test_an_empty_text_may_have_a_sense_and_null_never_does() -> None:
    assert list(empty_problems(given_options(SPEC, {"tag": ""}), ("tag",), ("tag",))) == []
    assert len(list(empty_problems(given_options(SPEC, {"tag": None}), ("tag",), ("tag",)))) == 1


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (1.10, "tag is read as the number 1.1 (YAML takes 1.10 for 1.1"),
        (8, "the number 8 (YAML takes 010 for 8"),
        (True, "read as true (YAML takes on"),
        (False, "read as false"),
        (date(2024, 1, 1), "the date 2024-01-01"),
        (datetime(2024, 1, 1), "the date 2024-01-01"),  # noqa: DTZ001 - as YAML gives it
        (["a"], "a list"),
        ({"a": 1}, "a mapping"),
        (b"a", "of type bytes"),
    ],
)
def test_what_is_no_text_is_told_with_how_to_write_it(value: Any, told: str) -> None:
    problem = text_problem("tag", value)
    assert told in problem
    assert problem.endswith(
        """put it in quotes (tag: "1.10"), on the command line -e version=1.10 or -e '{"version": "1.10"}'"""
    )


@given(st.text() | st.none())
def test_text_is_text(value: str | None) -> None:
    assert text_problem("tag", value) == ""


@given(st.integers() | st.floats() | st.booleans() | st.dates())
def test_what_ansible_would_turn_into_a_text_is_refused_before(value: Any) -> None:
    converted = ArgumentSpecValidator(SPEC).validate({"tag": value})
    assert isinstance(converted.validated_parameters["tag"], str)
    assert len(list(text_problems(given_options(SPEC, {"tag": value}), ("tag",)))) == 1


@pytest.mark.parametrize("number", [10**400, -(10**309)])
@pytest.mark.parametrize("kind", ["int", "float"])
def test_a_number_that_no_float_can_hold_is_told(kind: str, number: int) -> None:
    (problem,) = shape_problems(given_options({"seconds": {"type": kind}}, {"seconds": number}))
    assert problem == "seconds is a whole number of more than 300 digits, where a number is wanted"
    assert list(shape_problems(given_options({"seconds": {"type": kind}}, {"seconds": 10**300}))) == []
