# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""`PutSecretValue`: a label that the new version gets is taken from the version that had it.

AWS: API reference PutSecretValue, "VersionStages". MiniStack does so for AWSCURRENT alone.
"""

import json
from typing import Any

from sandbox.ministack import secretsmanager

Answer = tuple[int, Any, Any]


def install() -> None:
    """Wrap the action."""
    put = secretsmanager._put_secret_value

    def put_secret_value(data: dict[str, Any]) -> Answer:
        answer: Answer = put(data)
        status, _headers, body = answer
        if status < 400:
            _, secret = secretsmanager._resolve(data["SecretId"])
            made = json.loads(body)
            for stage in made["VersionStages"]:
                secretsmanager._remove_stage_everywhere(secret, stage, except_version_id=made["VersionId"])
        return answer

    secretsmanager._put_secret_value = put_secret_value
