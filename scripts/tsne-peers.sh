#!/usr/bin/env bash
# t-SNE side by side with scikit-learn, openTSNE and bhtsne on Fashion-MNIST, in one sitting: time, memory, and the quality of
# each map as one judge sees it (scripts/tsne-peers/compare.py).
#
#   scripts/tsne-peers.sh              # 5,000 images, two rounds of all four programs
#   scripts/tsne-peers.sh 60000        # all images, one round of openTSNE and selvedge
#
# Needs python3 with venv, and cargo. Everything is installed under target/tsne-peers.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
folder=target/tsne-peers
mkdir -p "$folder/bhtsne/src"

[ -x "$folder/venv/bin/python" ] || python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet scikit-learn==1.9.1 openTSNE==1.0.4
cargo build --release --bin selvedge

cp scripts/tsne-peers/bhtsne.rs "$folder/bhtsne/src/main.rs"
cat >"$folder/bhtsne/Cargo.toml" <<'TOML'
[package]
name = "bhtsne-peer"
edition = "2024"
[dependencies]
bhtsne = "=0.7.13"
flate2 = "1.1"
[workspace]
TOML
cargo build --release --manifest-path "$folder/bhtsne/Cargo.toml" --target-dir "$folder/bhtsne/target"

# Two threads each, whatever way a program asks for them.
export OMP_NUM_THREADS=2 OPENBLAS_NUM_THREADS=2 RAYON_NUM_THREADS=2
# Some machines name an old kernel for OpenBLAS, which would slow the others down.
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE
exec "$folder/venv/bin/python" scripts/tsne-peers/compare.py "$folder" "${1:-5000}"
