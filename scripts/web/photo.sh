#!/usr/bin/env bash
# Compares the pictures that web/photo/photo.js prepares with those of `selvedge predict`.
#
# Exits with 3 where there is no Node.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
command -v node >/dev/null || { printf 'Node cannot be had here.\n' >&2; exit 3; }
cargo test --quiet --release --test photo_page -- --ignored --nocapture
