#!/usr/bin/env bash
# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Prints whether the commit that is checked out is still the newest of a branch: bash .github/newest.sh BRANCH
# The first line, newest=true or newest=false, is for GITHUB_OUTPUT. The token is for private repositories, and in no argument.
set -euo pipefail
branch=$1
if [ -n "${GITHUB_TOKEN:-}" ]; then
    GIT_CONFIG_VALUE_0="AUTHORIZATION: basic $(printf 'x-access-token:%s' "$GITHUB_TOKEN" | base64 --wrap=0)"
    export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0="http.$GITHUB_SERVER_URL/.extraheader" GIT_CONFIG_VALUE_0
fi

ask() {
    GIT_TERMINAL_PROMPT=0 timeout 60 git ls-remote --exit-code origin "refs/heads/$branch" | cut --fields=1
}

newest=
for pause in 5 15 0; do
    newest=$(ask) && break
    sleep "$pause"
done
commit=$(git rev-parse HEAD)
if [ -z "$newest" ]; then
    echo "::error::$commit is published, but the newest commit of $branch could not be read. Run this job again; it publishes nothing twice." >&2
    exit 1
fi
if [ "$newest" = "$commit" ]; then
    echo newest=true
else
    echo newest=false
    echo "::notice::$commit is published and not deployed: $branch is at $newest, whose run deploys. To deploy this one all the same, start deploy.yml by hand." >&2
fi
