#!/usr/bin/env bash
# Opens the lab and an exported network in Chromium (Debian's, by npm playwright-core, on SwiftShader), and does what a reader would do:
# see browser.mjs. Also checks web/: its types with TypeScript, its form with prettier.
#
# Exits with 3 where Chromium or npm cannot be had. Pictures of the pages are left in target/web/pages/pictures.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
tools=$PWD/target/web

cannot() { # WHAT
  printf '%s cannot be had here.\n' "$1" >&2
  exit 3
}

command -v npm >/dev/null || cannot npm
if ! command -v chromium >/dev/null; then
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || cannot Chromium
  apt-get install -y -qq --no-install-recommends chromium >/dev/null || cannot Chromium
fi
# npm writes this file last, so that an interrupted installation is made again.
if [ ! -e "$tools/node_modules/.package-lock.json" ]; then
  npm install --silent --no-audit --no-fund --prefix "$tools" \
    playwright-core@1.65.1 typescript@7.0.2 prettier@3.10.1 >/dev/null || cannot "npm's playwright-core"
fi
"$tools/node_modules/.bin/tsc" -p web
"$tools/node_modules/.bin/prettier" --log-level warn --check web scripts/web --config web/.prettierrc.json

folder=$tools/pages
rm -rf "$folder"
mkdir -p "$folder"
program=$(scripts/program.sh)
selvedge() { "$program" "$@"; }
# Few images, a high learning rate: the loss falls within the few steps that a processor can do.
selvedge lab cnn --images 40 --batch-size 4 --steps 16 --compared 2 --lr 0.002 --warmup 0 --dropout 0 --out "$folder/lab.html"
selvedge train cnn --limit 400 --batch-size 40 --epochs 1 --out "$folder/runs/trained" >/dev/null
selvedge export "$folder/runs/trained" --web "$folder/model.html"
# Any pictures will do.
cp docs/augment.png docs/layers.png docs/tsne.png "$folder"
selvedge predict "$folder/runs/trained" "$folder"/*.png --json >"$folder/predicted.jsonl"
cp scripts/web/browser.mjs "$tools/browser.mjs"
node "$tools/browser.mjs" "$folder"
