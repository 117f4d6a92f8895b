#!/usr/bin/env bash
# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Asks GitHub for the job's token for an audience and writes it into a file: bash .github/token.sh AUDIENCE FILE
# boto3 exchanges the one for sts.amazonaws.com for credentials of the role AWS_ROLE_ARN. Nothing is printed.
set -euo pipefail
audience=$1 file=$2
if [ "$audience" = sts.amazonaws.com ] && [ -z "${AWS_ROLE_ARN:-}" ]; then
    echo "::error::No role to act as: the variable of this repository or environment that names it is not set (docs/workflows.md)." >&2
    exit 1
fi
umask 077
curl --fail --silent --show-error --retry 3 --header "Authorization: bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" \
    "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=$audience" |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["value"], end="")' > "$file"
