# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is known to be wrong already is told before a template is read or AWS is asked."""

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.clock import SystemClock
from ansible_collections.fastbreak.aws.plugins.module_utils._common.entry import Context
from ansible_collections.fastbreak.aws.plugins.module_utils._common.progress import Silence
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.modules.cloudformation_stack import perform


def connect(service):
    pytest.fail(f"{service} was asked")


@pytest.mark.parametrize("state", ["present", "absent"])
@pytest.mark.parametrize("check_mode", [True, False])
def test_a_refusal_comes_first(state, check_mode):
    params = {"name": "fastbreak-dev-rds", "state": state, "template": "/nowhere", "refusal": "The inventory is wrong."}
    with pytest.raises(RequestError, match=r"^The inventory is wrong\.$") as raised:
        perform(params, Context(connect, SystemClock(), Silence(), check_mode))
    assert raised.value.details == {"stack_name": "fastbreak-dev-rds"}
