#!/usr/bin/env bash
# Tests trainings in two processes under mpirun. Exits with 3 where no MPI library can be had.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

./setup.sh --mpi || exit 3
cargo clippy --features mpi --lib --bins --test mpirun -- -D warnings
# One test at a time: they measure how long processes take to end.
cargo test --release --features mpi --test mpirun -- --test-threads=1
