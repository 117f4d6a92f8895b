# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A release that is accepted only once it was promoted, by the module that promotes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RefusedError

from tests.integration.promotion.accounts import run
from tests.integration.rollout.images import Images

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.rollout.platform import Platform


def promote(platform: Platform, source: str, tag: str, folder: Path) -> None:
    """Promote an image from another repository of the account."""
    promoter = platform.variables("promoter")
    host = f"{platform.account}.dkr.ecr.{platform.state.region}.amazonaws.com"
    run(
        {
            "source": {"registry": host},
            "destination": {"registry": host},
            "repository": source,
            "tag": tag,
            "destination_repository": platform.repository,
            "service": "web",
            "release_table": platform.table,
            "state_directory": str(folder),
            "region": platform.state.region,
            "endpoint_url": platform.state.endpoint_url,
            "access_key": promoter["AWS_ACCESS_KEY_ID"],
            "secret_key": promoter["AWS_SECRET_ACCESS_KEY"],
            "session_token": promoter["AWS_SESSION_TOKEN"],
        }
    )


def test_only_what_was_promoted_is_released(platform: Platform, tmp_path: Path) -> None:
    unpromoted = platform.push("1.1.0")
    with pytest.raises(RefusedError, match="holds no promotion of sha256:") as caught:
        platform.roll_out("1.1.0", require_promoted=True)
    assert f"playbooks/promote.yml -e version={unpromoted}" in caught.value.message
    assert platform.records() == []
    assert platform.service() == {}
    ecr = platform.connect("ecr")
    ecr.create_repository(repositoryName=f"{platform.name}/published")
    published = Images(ecr, f"{platform.name}/published")
    tag = published.push("1.0.0")
    published.close()
    promote(platform, f"{platform.name}/published", tag, tmp_path)
    done = platform.roll_out("1.0.0", require_promoted=True)
    assert (done["changed"], done["version"]) == (True, tag)
    assert set(platform.answers()) == {(200, tag)}
    assert not platform.roll_out("1.0.0", require_promoted=True)["changed"]
    with pytest.raises(RefusedError, match="holds no promotion of sha256:"):
        platform.roll_out("1.1.0", require_promoted=True)
    assert set(platform.answers()) == {(200, tag)}
