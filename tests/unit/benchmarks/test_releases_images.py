# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The images of releases."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING
from unittest.mock import MagicMock

import docker

from benchmarks.releases.images import Images, tag_of
from benchmarks.releases.kinds import BY_NAME

if TYPE_CHECKING:
    import pytest


def test_a_release_is_pushed_once_for_all_ways_since_no_tag_can_be_written_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine, ecr = MagicMock(), MagicMock()
    engine.images.push.return_value = []
    monkeypatch.setattr(docker, "from_env", lambda: engine)
    token = {"proxyEndpoint": "https://registry:5000", "authorizationToken": b64encode(b"AWS:word").decode()}
    ecr.get_authorization_token.return_value = {"authorizationData": [token]}
    images = Images(ecr, "fastbreak/inference")
    good, missing = BY_NAME["good"], BY_NAME["image-missing"]
    assert images.push(good) == images.push(good) == tag_of(good)
    assert images.push(good, 1) == tag_of(good, 1)
    assert images.push(missing) == tag_of(missing)
    assert [call.kwargs["tag"] for call in engine.images.push.call_args_list] == [tag_of(good), tag_of(good, 1)]
