#!/usr/bin/env bash
# Records three steps of the CNN on this machine's adapter and replays them with web/runner.js in Dawn, Chrome's WebGPU (npm webgpu), on
# SwiftShader: another compiler, another driver, another language, the same losses.
#
# Exits with 3 where Node, Dawn or SwiftShader cannot be had.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
tools=$PWD/target/compilers

cannot() { # WHAT
  printf '%s cannot be had here.\n' "$1" >&2
  exit 3
}

driver=$(scripts/swiftshader.sh driver) || cannot SwiftShader
command -v npm >/dev/null || cannot npm
# npm writes this file last, so that an interrupted installation is made again. The version is that of scripts/compilers.sh.
if [ ! -e "$tools/node_modules/.package-lock.json" ]; then
  npm install --silent --no-audit --no-fund --prefix "$tools" webgpu@0.6.2 >/dev/null || cannot "npm's webgpu"
fi
folder=$(mktemp -d "$tools/tape.XXXXXX")
trap 'rm -rf "$folder"' EXIT
cargo run --quiet --release -- record cnn --limit 60 --batch-size 8 --steps 3 --out "$folder/cnn.tape"
cp web/*.js scripts/compilers/replay.mjs "$folder"
printf '{ "type": "module" }\n' >"$folder/package.json"
VK_DRIVER_FILES=$driver VK_ICD_FILENAMES=$driver node "$folder/replay.mjs" "$folder/cnn.tape"
