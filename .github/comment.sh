#!/usr/bin/env bash
# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Writes a comment on a pull request, or writes it anew if it is there: bash .github/comment.sh NAME NUMBER FILE
# The comment is known by a mark that holds NAME. GH_TOKEN may write to pull requests.
set -euo pipefail
name=$1 number=$2 file=$3
mark="<!-- fastbreak: $name -->"
comments="$GITHUB_API_URL/repos/$GITHUB_REPOSITORY/issues/$number/comments"

# The token goes in by a file descriptor: arguments can be read by others.
ask() {
    curl --fail --silent --show-error --retry 3 --header @<(printf 'Authorization: Bearer %s' "$GH_TOKEN") \
        --header 'Accept: application/vnd.github+json' "$@"
}

# Bounded, as pull requests with more than 3,000 comments are read by nobody.
known=
for page in $(seq 30); do
    listed=$(ask "$comments?per_page=100&page=$page")
    # Only a bot's comment is ours: others may have quoted the mark.
    known=$(jq --raw-output --arg mark "$mark" \
        'map(select(.user.type == "Bot" and (.body | startswith($mark)))) | first | .id // empty' <<< "$listed")
    if [ -n "$known" ] || [ "$(jq length <<< "$listed")" -lt 100 ]; then
        break
    fi
done

# GitHub takes 65,536 characters.
body=$(jq --null-input --arg mark "$mark" --rawfile text "$file" '{body: "\($mark)\n\($text[:60000])"}')
if [ -n "$known" ]; then
    ask --request PATCH --data-binary @- "${comments%/"$number"/comments}/comments/$known" <<< "$body" > /dev/null
else
    ask --request POST --data-binary @- "$comments" <<< "$body" > /dev/null
fi
