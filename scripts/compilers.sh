#!/usr/bin/env bash
# Asks production compilers, without a GPU, whether they take every kernel: those of every op and of whole steps of every network,
# as a large GPU gets them.
#
#   scripts/compilers.sh                  tint and spirv-val, as CI does
#   scripts/compilers.sh tint             Chrome's (npm webgpu, null backend)
#   scripts/compilers.sh spirv-val        the Khronos validator, for what Vulkan gets
#   scripts/compilers.sh dxc              DX12's: the real DLL, under wine, for what DX12 gets (x86-64; two minutes)
#   scripts/compilers.sh fxc              DX12's old one, for one kernel of each kind and tile
#   scripts/compilers.sh radv             AMD's, of the installed Mesa, without a card: registers and the share of multiply-adds;
#                                         a kernel whose registers are spilled counts as refused, as five do on Mesa 22.3
#
# The texts and their translations by naga come from tests/kernels, unless they lie already in the folder SELVEDGE_KERNELS. Tools are
# installed into target/compilers, and by apt-get where that is. Exits with 1 when a kernel is refused, and with 3 when a tool cannot be
# had. docs/portability.md has the results.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
scripts=$PWD/scripts/compilers
tools=$PWD/target/compilers
kernels=$tools/kernels

usage() {
  sed -n '2,15s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
  exit 2
}

cannot() { # WHAT
  printf '%s cannot be had here.\n' "$1" >&2
  exit 3
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

install_packages() { # PACKAGE...
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q update >/dev/null 2>&1 || true
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "$@" >/dev/null
}

# Makes sure that there is a command, from Debian's packages if need be.
need() { # COMMAND PACKAGE...
  local command=$1
  shift
  command -v "$command" >/dev/null || install_packages "$@" || cannot "$command"
}

write_kernels() {
  rm -rf "$kernels"
  mkdir -p "$kernels"
  SELVEDGE_KERNELS=$kernels cargo test --release --test kernels -- --quiet
}

# Dawn, with Tint and with the DLLs of DX12's compilers.
dawn() {
  need node nodejs
  need npm npm
  # npm writes this file last, so that an interrupted installation is made again.
  if [ ! -e "$tools/node_modules/.package-lock.json" ]; then
    npm install --silent --no-audit --no-fund --prefix "$tools" webgpu@0.6.2 >/dev/null || cannot "npm's webgpu"
  fi
}

tint() {
  dawn
  cp "$scripts/tint.mjs" "$tools"
  node "$tools/tint.mjs" "$kernels"
}

spirv_val() {
  need spirv-val spirv-tools
  local file refused=0 all=0
  for file in "$kernels"/*.spv; do
    all=$((all + 1))
    spirv-val --target-env vulkan1.3 "$file" || refused=$((refused + 1))
  done
  printf 'spirv-val: %d accepted, %d refused\n' "$((all - refused))" "$refused"
  [ "$refused" -eq 0 ]
}

d3d() { # dxc|fxc
  dawn
  need wine wine wine64
  need x86_64-w64-mingw32-gcc gcc-mingw-w64-x86-64-win32
  cp "$tools"/node_modules/webgpu/dist/win32-x64/*.dll "$kernels"
  x86_64-w64-mingw32-gcc -O1 -municode -o "$kernels/compile.exe" "$scripts/d3d.c"
  (cd "$kernels" && python3 "$scripts/d3d.py" "$1")
}

radv() {
  need gcc gcc libc6-dev
  if [ ! -e /usr/include/vulkan/vulkan.h ]; then install_packages libvulkan-dev || cannot "Vulkan's headers"; fi
  local icd
  icd=$(find /usr/share/vulkan/icd.d -name 'radeon_icd.json' -o -name "radeon_icd.$(uname -m).json" | head -n 1)
  [ -n "$icd" ] || cannot "Mesa's radv (package mesa-vulkan-drivers)"
  gcc -O1 -Wall -o "$kernels/radv" "$scripts/radv.c" -lvulkan
  (cd "$kernels" && VK_ICD_FILENAMES=$icd VK_DRIVER_FILES=$icd python3 "$scripts/radv.py" ./radv)
}

[ $# -gt 0 ] || set -- tint spirv-val
for compiler in "$@"; do
  case $compiler in tint | spirv-val | dxc | fxc | radv) ;; *) usage ;; esac
done
if [ -n "${SELVEDGE_KERNELS:-}" ]; then
  kernels=$SELVEDGE_KERNELS
  # The test writes the list last.
  [ -e "$kernels/kernels.jsonl" ] || { printf 'tests/kernels has written nothing to %s.\n' "$kernels" >&2; exit 1; }
else
  write_kernels
fi
refused=0 missing=0
for compiler in "$@"; do
  result=0
  # In a shell of its own, so that one that cannot be had does not keep the others from being asked.
  (
    case $compiler in
      tint) tint ;;
      spirv-val) spirv_val ;;
      dxc | fxc) d3d "$compiler" ;;
      radv) radv ;;
    esac
  ) || result=$?
  case $result in
    0) ;;
    3) missing=1 ;;
    *) refused=1 ;;
  esac
done
if [ "$refused" -ne 0 ]; then exit 1; fi
if [ "$missing" -ne 0 ]; then exit 3; fi
