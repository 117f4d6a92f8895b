# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Push releases to the caller's registry: ``python -m tests.integration.promotion.push REPOSITORY VERSION...``.

Each is an index of two platforms whose images name their commit, with an SBOM that belongs to it.
"""

from __future__ import annotations

import os
import sys

import boto3

from tests.registries.images import make_image, make_index, make_referrer, push

repository, *versions = sys.argv[1:]
login = boto3.client("ecr", region_name=os.environ["AWS_REGION"]).get_authorization_token()["authorizationData"][0]
address, access = login["proxyEndpoint"].partition("://")[2], f"Basic {login['authorizationToken']}"
for number, version in enumerate(versions):
    commit = f"{number + 1:040x}"
    config = {"config": {"Labels": {"org.opencontainers.image.revision": commit}}}
    amd = make_image([1000, 3 << 20], seed=2 * number, config=config)
    arm = make_image([1000, 2 << 20], seed=2 * number + 1, config=config, platform="linux/arm64")
    index = make_index({"linux/amd64": amd, "linux/arm64": arm})
    push(address, repository, index, tag=f"{version}-{commit}", authorization=access)
    sbom = make_referrer(index, "application/spdx+json", b'{"spdxVersion": "SPDX-2.3"}')
    push(address, repository, sbom, authorization=access)
    print(f"{version}-{commit}", index.digest)
