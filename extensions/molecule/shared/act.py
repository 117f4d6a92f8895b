# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write a session of an environment's role as JSON, once the account is bootstrapped: `act.py FILE ENVIRONMENT ROLE`.

Without a role there is no session: an administrator goes on.
"""

import json
import os
import sys
from pathlib import Path

import boto3

from demo import roles
from tests import accounts

file, environment, role = sys.argv[1:]
given = {}
if role:
    region = os.environ["AWS_REGION"]
    accounts.bootstrap(boto3.client("cloudformation", region), environment)
    given = roles.session(boto3.client("sts", region), environment, role, "molecule")
Path(file).write_text(json.dumps(given), encoding="utf-8")
