#!/usr/bin/env bash
# Tests on a second Vulkan driver, SwiftShader, which also runs on the processor but shares no code with Mesa's: gradient checks of all
# ops, and a small training from start to end, with the core of the matrix product that GPUs get.
#
#   scripts/swiftshader.sh            the tests
#   scripts/swiftshader.sh driver     only prints where the driver's description is
#
# The driver comes from Debian's package chromium-common, which is unpacked into target/swiftshader and not installed. Exits with 3
# where it cannot be had.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
folder=$PWD/target/swiftshader

cannot() {
  printf 'SwiftShader cannot be had here.\n' >&2
  exit 3
}

if [ ! -d "$folder" ]; then
  new=$(mktemp -d)
  (cd "$new" && apt-get -q download chromium-common && dpkg-deb -x chromium-common_*.deb unpacked) >/dev/null || cannot
  mkdir -p "${folder%/*}"
  mv "$new/unpacked" "$folder"
  rm -rf "$new"
fi
VK_DRIVER_FILES=$(find "$folder" -name vk_swiftshader_icd.json)
[ -n "$VK_DRIVER_FILES" ] || cannot
if [ "${1:-}" = driver ]; then
  printf '%s\n' "$VK_DRIVER_FILES"
  exit
fi
export VK_DRIVER_FILES SELVEDGE_GEMM=tiled
# Not another driver that the loader found instead.
program=$(scripts/program.sh)
devices=$("$program" devices)
printf '%s\n' "$devices"
[[ $devices == *SwiftShader* ]]
# Of the ops on images not all: its compiler takes minutes for every variant of the convolutions.
of_images=(conv2d_with_bias batch_norm_in max_pool avg_pool global_avg_pool resize a_large_weight_gradient)
cargo test --release --test engine -- gradcheck:: gradients:: optimisers:: "${of_images[@]/#/gradients_of_images::}"
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
cargo run --quiet --release --example own_network -- "$out/own"
