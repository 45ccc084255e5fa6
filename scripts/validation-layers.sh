#!/usr/bin/env bash
# A small training, its resumption and an evaluation under the Khronos validation layers, which check every call of Vulkan. Checks of
# the order of reads and writes on the device are asked for too. Exits with 1 if they report anything, with 3 if they cannot be installed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

as_root() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi; }

layer=VK_LAYER_KHRONOS_validation
manifest() { ls /usr/share/vulkan/explicit_layer.d/VkLayer_khronos_validation.json /etc/vulkan/explicit_layer.d/VkLayer_khronos_validation.json 2>/dev/null; }
if [ -z "$(manifest)" ] && command -v apt-get >/dev/null; then
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends vulkan-validationlayers >/dev/null || true
fi
if [ -z "$(manifest)" ]; then
  echo "The validation layers are not installed (Debian: vulkan-validationlayers)." >&2
  exit 3
fi

program=$(scripts/program.sh)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Older layers read the feature list, newer ones the setting.
export VK_INSTANCE_LAYERS=$layer
# With these wgpu takes the layers' messages itself, and they would not be printed.
unset WGPU_DEBUG WGPU_VALIDATION
export VK_LAYER_ENABLES=VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT VK_KHRONOS_VALIDATION_VALIDATE_SYNC=true
found='VUID-|SYNC-HAZARD|Validation (Error|Warning)|UNASSIGNED'
cc scripts/validation-control.c -o "$work/control" -l:libvulkan.so.1
"$work/control" >"$work/log" 2>&1 || true
if ! grep -qE "$found" "$work/log"; then
  echo "The validation layers do not report a fault made on purpose:" >&2
  cat "$work/log" >&2
  exit 1
fi
# A table of few images: under the layers each takes several times as long.
awk 'BEGIN {
  for (image = 0; image < 250; image++) {
    row = image % 10
    for (pixel = 0; pixel < 784; pixel++) row = row "," int(256 * rand())
    print row
  }
}' >"$work/noise.csv"
{
  "$program" train cnn --data "$work/noise.csv" --label 1 --test-share 0.2 --epochs 1 --batch-size 40 --out "$work/run"
  "$program" train --resume "$work/run" --epochs 2
  "$program" evaluate "$work/run" --split validation
} >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
# Layers print what they find on standard output.
if grep -E "$found" "$work/log"; then
  echo "The validation layers have found something." >&2
  exit 1
fi
echo "validation layers: nothing to report over a training, a resumption and an evaluation"
