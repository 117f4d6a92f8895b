# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is known to be wrong already is told before AWS is asked."""

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.modules.account_guard import ENTRY


@pytest.mark.parametrize("others", [{}, {"account_id": [1]}, {"account_id": None}, {"region": {}}])
def test_a_refusal_comes_before_the_types_of_what_it_is_about(others):
    with pytest.raises(RequestError, match=r"^The inventory is wrong\.$"):
        ENTRY.refuse({"refusal": "The inventory is wrong.", **others})
