#!/usr/bin/env bash
# Asks production compilers, without a GPU, whether they take every kernel: those of every op and of whole steps of every network, as a
# large GPU gets them.
#
#   scripts/compilers.sh              all of the below
#   scripts/compilers.sh tint         Chrome's (npm webgpu, null backend)
#   scripts/compilers.sh spirv-val    the Khronos validator, for what wgpu gives Vulkan
#   scripts/compilers.sh dxc fxc      DX12's, the real DLLs under wine (x86-64)
#   scripts/compilers.sh radv         AMD's, of Mesa: registers, spills and instruction mix
#
# Metal's and DX12's languages are written by naga in the test that makes the texts. Installs what it needs into target/compilers,
# and Debian's packages where apt-get is. docs/portability.md has the results.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
tools=$PWD/target/compilers
kernels=$tools/kernels
webgpu=webgpu@0.4.0

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# Installs the Debian packages unless the command is there.
need() { # COMMAND PACKAGE...
  local command=$1
  shift
  command -v "$command" >/dev/null && return
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q update >/dev/null || true
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "$@" >/dev/null
}

write_kernels() {
  rm -rf "$kernels"
  mkdir -p "$kernels"
  SELVEDGE_KERNELS=$kernels cargo test --release --test kernels -- --quiet
}

dawn() {
  need node nodejs
  need npm npm
  npm install --silent --no-audit --no-fund --prefix "$tools" "$webgpu" >/dev/null
}

tint() {
  dawn
  cp scripts/compilers/tint.mjs "$tools"
  node "$tools/tint.mjs" "$kernels"
}

spirv_val() {
  need spirv-val spirv-tools
  local file bad=0
  for file in "$kernels"/*.spv; do
    spirv-val --target-env vulkan1.3 "$file" || bad=$((bad + 1))
  done
  printf 'spirv-val: %d refused of %d\n' "$bad" "$(find "$kernels" -name '*.spv' | wc -l)"
  [ "$bad" -eq 0 ]
}

status=0
write_kernels
for compiler in "${@:-tint spirv-val}"; do
  for one in $compiler; do
    case $one in
      tint) tint || status=1 ;;
      spirv-val) spirv_val || status=1 ;;
      *) sed -n '2,14s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 2 ;;
    esac
  done
done
exit "$status"
