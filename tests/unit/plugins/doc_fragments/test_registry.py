# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Both sides of a promotion are documented with the same words, and as the options are."""

import yaml
from ansible_collections.fastbreak.aws.plugins.doc_fragments.registry import ModuleDocFragment
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.side import side_spec


def test_source_and_destination_take_the_same_options():
    words = ModuleDocFragment.SOURCE.replace("source", "destination").replace("come from", "go to")
    assert words == ModuleDocFragment.DESTINATION


def test_every_option_is_documented_as_it_is():
    documented = yaml.safe_load(ModuleDocFragment.SOURCE)["options"]["source"]["suboptions"]
    for name, option in side_spec().items():
        told = documented[name]
        for fact in ("type", "choices", "default"):
            assert told.get(fact) == option.get(fact), name
        assert told.get("required", False) == option.get("required", False), name
    assert set(documented) == set(side_spec())
