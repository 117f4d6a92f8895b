# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Gates out of paths, such as the module takes."""

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.fastbreak.aws.plugins.filter.gates import FilterModule

http_gates = FilterModule().filters()["http_gates"]


def test_each_path_gets_a_gate_with_the_same_settings():
    assert http_gates(["/a", "/b"], {"bake_seconds": 3}) == [
        {"kind": "http", "path": "/a", "bake_seconds": 3},
        {"kind": "http", "path": "/b", "bake_seconds": 3},
    ]


@pytest.mark.parametrize(
    ("paths", "settings", "words"),
    [
        ("/a", {}, "no list of paths"),
        (None, {}, "no list of paths"),
        ([], {}, "empty list"),
        (["/a"], None, "no dictionary"),
    ],
)
def test_what_is_no_list_or_no_dictionary_is_refused(paths, settings, words):
    with pytest.raises(AnsibleFilterError, match=words):
        http_gates(paths, settings)
