"""What gates look at, at the source."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.subject import CONFIG_LIMIT_BYTES, Subject

from tests.unit.plugins.module_utils._promotion.gates.case import Gates, configured

CONFIG = "application/vnd.oci.image.config.v1+json"


def test_a_config_is_read_once_for_all_gates() -> None:
    gates = Gates()
    gates.judge(configured("age"), configured("labels"))
    assert len(gates.source.read) == len(gates.platforms) == 2


def test_configs_that_are_gone_or_too_large_or_not_named_are_problems() -> None:
    gates = Gates()
    platform = gates.platforms[0]
    large = gates.source.add(b" " * (CONFIG_LIMIT_BYTES + 1), CONFIG)
    for config, problem in (
        (large, "could not be read: The blob"),
        (replace(large, digest="sha256:" + "0" * 64), "is not in the source repository"),
        (None, "names no config"),
    ):
        gates.platforms[0] = replace(platform, config=config)
        broken, whole = Subject(gates.image(), gates.ports()).configs
        assert problem in broken.problem
        assert whole.problem == ""
