# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Push releases of the test service: ``python -m tests.integration.rollout.push REPOSITORY VERSION[:KEY=VALUE]...``."""

from __future__ import annotations

import os
import sys

import boto3

from tests.integration.rollout.images import Images

repository, *wanted = sys.argv[1:]
images = Images(boto3.client("ecr", region_name=os.environ["AWS_REGION"]), repository)
for release in wanted:
    version, *settings = release.split(":")
    print(images.push(version, **dict(setting.split("=", 1) for setting in settings)))
images.close()
