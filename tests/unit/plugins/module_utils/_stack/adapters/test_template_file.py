# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading templates."""

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.adapters.template_file import (
    parse_template,
    read_template,
)
from hypothesis import given
from hypothesis import strategies as st


def properties(text):
    return parse_template(f"Resources:\n  R:\n    Type: T\n    Properties:\n      P: {text}\n", "t")["Resources"]["R"][
        "Properties"
    ]["P"]


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("!Ref A", {"Ref": "A"}),
        ("!GetAtt A.B", {"Fn::GetAtt": "A.B"}),
        ("!Sub [a, {b: !Ref C}]", {"Fn::Sub": ["a", {"b": {"Ref": "C"}}]}),
        ("!If [A, !Ref B, !Ref AWS::NoValue]", {"Fn::If": ["A", {"Ref": "B"}, {"Ref": "AWS::NoValue"}]}),
        ("!Condition A", {"Condition": "A"}),
        ("!Transform {Name: x}", {"Fn::Transform": {"Name": "x"}}),
        ("2012-10-17", "2012-10-17"),
        ("true", True),
    ],
)
def test_short_forms_become_long_ones_and_dates_stay_text(short, long):
    assert properties(short) == long


def test_a_text_is_read_once_and_what_is_wrong_with_it_is_told_of_each_source():
    text = "Resources: {R: {Type: T}}"
    assert parse_template(text, "a file") is parse_template(text, "a stack")
    for source in ("a file", "a stack"):
        with pytest.raises(RequestError, match=f"{source} is not valid YAML"):
            parse_template("Resources: [", source)


def test_json_and_what_botocore_decoded_already():
    text = '{"Resources": {"R": {"Type": "T"}}}'
    assert parse_template(text, "t") == parse_template({"Resources": {"R": {"Type": "T"}}}, "t")


@pytest.mark.parametrize(
    "text",
    ["", "a: b", "[]", "Resources: []", "Resources: {R: {}}", "Resources: {R: 1}", "{", "a: [", "\t:", "!!python/x"],
)
def test_what_is_no_template_is_refused_by_name(text):
    with pytest.raises(RequestError, match="stack"):
        parse_template(text, "stack.yaml")


@given(st.text(max_size=40))
def test_garbage_is_refused_in_words(text):
    with pytest.raises(RequestError):
        parse_template(text, "t")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(RequestError, match=r"none\.yaml"):
        read_template(str(tmp_path / "none.yaml"))
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RequestError, match=r"binary\.yaml"):
        read_template(str(tmp_path / "binary.yaml"))
