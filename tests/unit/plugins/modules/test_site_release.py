# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A folder is needed to publish, and none to go back."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._site.request import build_request
from ansible_collections.fastbreak.aws.plugins.modules import site_release

GIVEN = {
    "bucket": "site",
    "distribution_id": "E1",
    "url": "https://video.example.org",
    "release_table": "releases",
}


@pytest.mark.parametrize(("given", "has_folder"), [({"source": "dist"}, True), ({"state": "rolled_back"}, False)])
def test_only_what_publishes_reads_a_folder(given, has_folder):
    spec = site_release.build_argument_spec()
    params = {name: option.get("default") for name, option in spec.items()} | GIVEN | given
    context = SimpleNamespace(client=lambda _service: None, clock=None, progress=None)
    ports = site_release.build_ports(params, build_request(params, owner="tester"), context)
    assert (ports.folder is not None) is has_folder
