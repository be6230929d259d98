#!/bin/sh
# Pushes a firmware with nothing but curl: for build machines that have no otary.
#
#   OTARY_SERVER=https://updates.lan:3444 OTARY_CA=page-ca.pem OTARY_TOKEN=... sh push.sh lamp.bin lamp 0.3
#
# The token has the scope push (`otary token create ci --scope push --product lamp`). It goes to curl by a pipe: words of a command line are
# there for every process to read.
set -eu
file=$1 product=$2 version=$3
call() {
    printf 'header = "Authorization: Bearer %s"\n' "$OTARY_TOKEN" |
        curl --silent --show-error --fail-with-body --config - --cacert "$OTARY_CA" "$@"
}
name=$(basename "$file")
# What is refused by its token alone is refused before the file is sent.
uploaded=$(call --data-binary "@$file" --header "Content-Type: application/octet-stream" --header "Expect: 100-continue" \
    "$OTARY_SERVER/api/v1/artifacts?file=$name") || { printf '%s\n' "$uploaded" >&2; exit 1; }
id=$(printf '%s' "$uploaded" | sed -n 's/.*"artifact": *{[^{}]*"id": *"\([0-9a-f]\{64\}\)".*/\1/p')
[ -n "$id" ] || { echo "no artifact in: $uploaded" >&2; exit 1; }
release="{\"product\": \"$product\", \"version\": \"$version\", \"artifacts\": [{\"id\": \"$id\", \"file\": \"$name\"}]}"
call --header "Content-Type: application/json" --data "$release" "$OTARY_SERVER/api/v1/releases"
