#!/usr/bin/env bash
# Checks the lessons as a page does, with the files of web/ in Dawn, Chrome's WebGPU (npm webgpu), on SwiftShader: every solution, every
# gap, every usual mistake, every step of every ladder. Half a minute.
#
# Exits with 3 where Node, Dawn or SwiftShader cannot be had.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
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
folder=$(mktemp -d "$tools/lessons.XXXXXX")
trap 'rm -rf "$folder"' EXIT
program=$(scripts/program.sh)
"$program" lab cnn --images 40 --batch-size 4 --steps 1 --compared 0 --out "$folder/lab.html"
cp -r web scripts/web/lessons.mjs "$folder"
printf '{ "type": "module" }\n' >"$folder/package.json"
VK_DRIVER_FILES=$driver VK_ICD_FILENAMES=$driver node "$folder/lessons.mjs" "$folder/lab.html"
