# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Variables are resolved once, and told by their names when they cannot be."""

import pytest
from ansible.errors import AnsibleUndefinedVariable
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.plugin_utils._role_variables import ResolvedVariables, component_role

from tools.files import ROOT


def resolved(asked, **raw):
    def resolve(value):
        asked.append(value)
        if value == "{{ nonsense }}":
            raise AnsibleUndefinedVariable("'nonsense' is undefined")
        return f"<{value}>"

    return ResolvedVariables(raw, resolve)


def test_a_variable_is_resolved_when_it_is_asked_for_and_once():
    asked = []
    variables = resolved(asked, a="1", b="2")
    assert ("a" in variables, sorted(variables), len(variables), asked) == (True, ["a", "b"], 2, [])
    assert [variables["a"], variables.get("a"), variables.get("c", "none")] == ["<1>", "<1>", "none"]
    assert asked == ["1"]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("b", "Nothing was touched. b is not set, and the role needs it; set it in the inventory."),
        ("a", "Nothing was touched. a cannot be resolved: 'nonsense' is undefined."),
    ],
)
def test_one_that_cannot_be_had_is_named(name, told):
    with pytest.raises(RequestError) as raised:
        _value = resolved([], a="{{ nonsense }}")[name]
    assert raised.value.message.startswith(told)


def test_the_role_is_the_one_that_calls():
    stack, ecr = (str(ROOT / "roles" / name) for name in ("stack", "ecr"))
    found = component_role({"ansible_parent_role_paths": [ecr], "role_path": stack})
    assert (found.folder, "ecr_untagged_days" in found.options, "rds" in found.neighbours) == (ecr, True, True)
    assert component_role({"role_path": stack}).folder == stack


def test_a_role_without_argument_specs_knows_no_inputs(tmp_path):
    assert component_role({"role_path": str(tmp_path)}).options == {}
