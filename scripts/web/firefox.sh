#!/usr/bin/env bash
# Opens a lab in Debian's Firefox, whose WebGPU is wgpu, and has it replay two steps on this machine's Vulkan driver: see firefox.mjs.
#
# Exits with 3 where Firefox or Node cannot be had, or where Firefox gives no adapter.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

cannot() { # WHAT
  printf '%s cannot be had here.\n' "$1" >&2
  exit 3
}

command -v node >/dev/null || cannot Node
if ! command -v firefox-esr >/dev/null; then
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || cannot Firefox
  apt-get install -y -qq --no-install-recommends firefox-esr >/dev/null || cannot Firefox
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
program=$(scripts/program.sh)
"$program" lab cnn --images 40 --batch-size 4 --steps 2 --compared 2 --out "$folder/lab.html"
node --experimental-websocket scripts/web/firefox.mjs "$folder/lab.html"
