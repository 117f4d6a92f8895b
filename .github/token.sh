#!/usr/bin/env bash
# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Asks GitHub for the job's token for an audience and writes it into a file: bash .github/token.sh AUDIENCE FILE
# boto3 exchanges the one for sts.amazonaws.com for credentials of the role AWS_ROLE_ARN. Nothing is printed.
# Such a token lives for minutes, and a release takes longer: it is asked for again until the job ends, or the file is gone.
set -euo pipefail
audience=$1 file=$2
if [ "$audience" = sts.amazonaws.com ] && [ -z "${AWS_ROLE_ARN:-}" ]; then
    echo "::error::No role to act as: the variable of this repository or environment that names it is not set (docs/workflows.md)." >&2
    exit 1
fi
umask 077

ask() {
    curl --fail --silent --show-error --retry 3 --max-time 60 --header "Authorization: bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" \
        "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=$audience" |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["value"], end="")' > "$file.new" &&
        mv "$file.new" "$file"
}

renew() {
    # No longer than a job may take on GitHub. A try that fails leaves the token before, and is followed by another.
    for _ in {1..180}; do
        sleep "${TOKEN_SECONDS:-120}"
        [ -e "$file" ] || break
        ask || continue
    done
}

ask
# The runner ends with the job what bears its mark; elsewhere nobody would.
if [ -n "${RUNNER_TRACKING_ID:-}" ]; then
    renew </dev/null >/dev/null 2>&1 &
fi
