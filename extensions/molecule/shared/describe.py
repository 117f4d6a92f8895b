# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Print one list of an AWS API as JSON, where no info module reads it: `describe.py SERVICE OPERATION KEY [JSON]`."""

import json
import os
import sys

import boto3

service, operation, key, *arguments = sys.argv[1:]
client = boto3.client(service, region_name=os.environ["AWS_REGION"])
answer = getattr(client, operation)(**json.loads(arguments[0] if arguments else "{}"))
print(json.dumps(answer[key], default=str))
