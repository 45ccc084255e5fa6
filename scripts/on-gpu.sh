#!/usr/bin/env bash
# Builds here and runs there, for a machine with a GPU but no Rust:
#
#   scripts/on-gpu.sh pack            makes target/on-gpu/ with the program, the tests and the benchmarks
#   target/on-gpu/on-gpu.sh run       there, after copying that folder: doctor, tests, profiles of a step, benchmarks; where
#                                     python3 has a torch that sees the GPU, also PyTorch's step, eager and compiled
#   target/on-gpu/on-gpu.sh quick     the same with one step of small batches, to try the script; its figures mean nothing
#
# There must be the same kind of processor and system, and a Vulkan loader (libvulkan.so.1) with the GPU's driver. The tests
# of data and of the command line need the source tree or the data set and stay here.
set -euo pipefail

pack() {
  cd "$(dirname "${BASH_SOURCE[0]}")/.."
  local bundle=target/on-gpu test
  rm -rf "$bundle"
  mkdir -p "$bundle"
  cargo build --release
  cp target/release/selvedge scripts/on-gpu.sh scripts/torch-step.py "$bundle"
  for test in engine training; do
    cp "$(executable "$test" cargo test --release --no-run --test "$test")" "$bundle/test-$test"
  done
  cp "$(executable engine cargo bench --no-run --bench engine)" "$bundle/bench"
  du -sh "$bundle"
}

# The executable of a target that a cargo command says it has built; a test's command builds the program too.
executable() { # TARGET COMMAND...
  local target=$1
  shift
  "$@" --message-format=json 2>/dev/null | grep -F "\"name\":\"$target\"" | sed -n 's/.*"executable":"\([^"]*\)".*/\1/p' | tail -n 1
}

run() { # STEPS BATCH_SIZES BENCH_MODE
  cd "$(dirname "${BASH_SOURCE[0]}")"
  local steps=$1 batches=$2 mode_of_bench=$3 test failed=0
  ./selvedge doctor || failed=1
  for test in test-*; do
    printf '\n== %s\n' "$test"
    "./$test" || failed=1
  done
  for model in cnn resnet18; do
    for batch in $batches; do
      printf '\n== a training step of %s, batch %s\n' "$model" "$batch"
      ./selvedge profile "$model" --recipe standard --batch-size "$batch" --augment none --steps "$steps"
      ./selvedge profile "$model" --recipe standard --batch-size "$batch" --augment none --steps "$steps" --json
      if python3 -c 'import sys, torch; sys.exit(not torch.cuda.is_available())'; then
        for mode in eager compile; do
          python3 torch-step.py "$model" "$batch" "$steps" "$mode" || failed=1
        done
      else
        echo "PyTorch: NOT RUN, there is none here that sees the GPU"
      fi
    done
  done
  for step in "resnet20 --batch-size ${batches%% *}" "inception --batch-size 16"; do
    printf '\n== a training step, %s\n' "$step"
    # shellcheck disable=SC2086 # the words are arguments
    ./selvedge profile $step --steps "$steps"
  done
  printf '\n== benchmarks\n'
  # shellcheck disable=SC2086 # empty or one word
  ./bench --bench $mode_of_bench
  exit "$failed"
}

case "${1:-}" in
  pack) pack ;;
  run) run 20 "128 1024" "" ;;
  quick) run 1 8 --test ;;
  *) sed -n '2,12s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 2 ;;
esac
