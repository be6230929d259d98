#!/bin/sh
# `cargo run` in a firmware's folder: makes an image of what was linked, and pushes it to otary.
#
# In .cargo/config.toml:
#
#   [target.riscv32imc-unknown-none-elf]
#   runner = "./cargo-runner.sh --chip esp32c3 --product lamp --version 0.3 --server https://updates.lan:3444 --ca page-ca.pem --token-file ci.token"
#
# cargo puts the program behind these words. What is not --chip goes to `otary push` as it is.
set -eu
words=""
chip=""
while [ $# -gt 1 ]; do
    case "$1" in
    --chip)
        chip=$2
        shift 2
        ;;
    *)
        # As it is typed into a shell again: blanks stay in their word.
        words="$words '$(printf '%s' "$1" | sed "s/'/'\\\\''/g")'"
        shift
        ;;
    esac
done
[ $# -eq 1 ] && [ -n "$chip" ] || { echo "usage: $0 --chip CHIP [of otary push]... PROGRAM" >&2; exit 2; }
image="$1.bin"
espflash save-image --chip "$chip" "$1" "$image"
eval "set -- $words"
exec otary push "$image" "$@"
