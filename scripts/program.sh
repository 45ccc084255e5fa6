#!/usr/bin/env bash
# Builds the command `selvedge` for the other scripts, and prints where it is. With an example beside it cargo takes the features of
# the tests' dependencies for it too, and so nothing is compiled again that `cargo test` has compiled (wgpu, with one feature more).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cargo build --quiet --release --bin selvedge --example autograd
realpath "${CARGO_TARGET_DIR:-target}/release/selvedge"
