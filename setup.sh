#!/usr/bin/env bash
# Checks what building, testing and training need, and on Debian and Ubuntu installs what is missing:
# a linker, certificates, the Vulkan loader, a Vulkan driver (Mesa's software one) and the Fashion-MNIST images.
# Elsewhere it says what to do by hand. Safe to run again: with everything there it changes nothing and needs no
# network. With --mpi also what `cargo build --features mpi` needs, for trainings in several processes. Exits with 1 when something is
# missing at the end.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
PATH=$PATH:/usr/sbin:/sbin # ldconfig is there, and not always in a user's PATH

case "$*" in
  '' | --mpi) ;;
  *)
    echo "usage: ./setup.sh [--mpi]" >&2
    exit 2
    ;;
esac

missing=0
apt_updated=no

report() { # THING STATE
  printf '%-14s %s\n' "$1:" "$2"
}

lack() { # THING WHAT-TO-DO
  missing=1
  report "$1" "MISSING. $2" >&2
}

has() {
  command -v "$1" >/dev/null 2>&1
}

# Installing -----------------------------------------------------------------------------------------------------------

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  else
    sudo "$@"
  fi
}

apt_get() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=120 "$@" </dev/null
}

# Installs packages and says so, unless THING is then still not there; in that case says why and returns 1.
install_for() { # THING CHECK PACKAGE...
  local thing=$1 check=$2 output
  shift 2
  if ! has apt-get; then
    return 1
  fi
  if [ "$(id -u)" -ne 0 ] && ! has sudo; then
    printf 'Installing %s takes root, and there is no sudo: run this script as root.\n' "$*" >&2
    return 1
  fi
  if [ "$apt_updated" = no ]; then
    apt_updated=yes
    # One unreachable repository among many is no reason to stop: the package may come from another.
    output=$(apt_get update 2>&1) || printf '%s\napt-get update failed; trying with the lists at hand.\n' "$output" >&2
  fi
  if ! output=$(apt_get install -y --no-install-recommends "$@" 2>&1); then
    printf '%s\n' "$output" >&2
    return 1
  fi
  if ! "$check"; then
    printf 'Installed %s, but that did not help.\n' "$*" >&2
    return 1
  fi
  report "$thing" "installed ($*)"
}

# What there is --------------------------------------------------------------------------------------------------------

# Whether cc makes a program: a compiler without the C library's start files is no use to cargo.
cc_links() {
  local folder status=0
  has cc || return 1
  folder=$(mktemp -d) || return 1
  printf 'int main(void) { return 0; }\n' >"$folder/main.c"
  cc "$folder/main.c" -o "$folder/main" >/dev/null 2>&1 || status=1
  rm -rf "$folder"
  return "$status"
}

# Whether a shared library is where the dynamic linker looks.
library() { # NAME
  local folder list=
  if has ldconfig; then
    list=$(ldconfig -p 2>/dev/null) || list=
  fi
  if [[ $list == *"$1"[[:space:]]* ]]; then
    return 0
  fi
  for folder in /usr/lib /usr/lib64 /usr/lib/*-linux-gnu /usr/local/lib; do
    if [ -e "$folder/$1" ]; then
      return 0
    fi
  done
  return 1
}

vulkan_loader() {
  library libvulkan.so.1
}

# The devices that the Vulkan loader finds, one a line. A driver's manifest alone says nothing: Debian 13's package has one for a virtual
# machine's device that is not there.
vulkan_devices() {
  local folder
  folder=$(mktemp -d) || return 1
  cat >"$folder/devices.c" <<'C'
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
int main(void) {
    void *loader = dlopen("libvulkan.so.1", RTLD_NOW), *instance = 0, *devices[16];
    if (!loader) return 1;
    int (*create)(const void *, const void *, void **) = dlsym(loader, "vkCreateInstance");
    int (*enumerate)(void *, unsigned *, void **) = dlsym(loader, "vkEnumeratePhysicalDevices");
    void (*properties)(void *, void *) = dlsym(loader, "vkGetPhysicalDeviceProperties");
    // VkInstanceCreateInfo with its type, 1, and nothing else; VkPhysicalDeviceProperties has the name at byte 20.
    struct { unsigned type; void *rest[7]; } info = {1, {0}};
    unsigned count = 16;
    if (create(&info, 0, &instance) || enumerate(instance, &count, devices) < 0) return 1;
    char *device = calloc(1, 4096);
    for (unsigned i = 0; i < count; i++) {
        properties(devices[i], device);
        printf("%s\n", device + 20);
    }
    return 0;
}
C
  cc "$folder/devices.c" -o "$folder/devices" -ldl >/dev/null 2>&1 && "$folder/devices" 2>/dev/null
  rm -rf "$folder"
}

vulkan_driver() {
  if ! cc_links; then
    # Without a compiler the loader cannot be asked.
    devices=$(ls /usr/share/vulkan/icd.d/*.json /etc/vulkan/icd.d/*.json 2>/dev/null | head -n 1)
    [ -n "$devices" ]
    return
  fi
  devices=$(vulkan_devices | awk '{ printf "%s%s", between, $0; between = "; " }')
  [ -n "$devices" ]
}

# Certificates, without which cargo cannot fetch a package.
certificates() {
  local file
  [ -z "${SSL_CERT_FILE:-}${SSL_CERT_DIR:-}${CARGO_HTTP_CAINFO:-}" ] || return 0
  for file in /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-bundle.crt /etc/pki/tls/certs/ca-bundle.crt \
    /etc/ssl/ca-bundle.pem /etc/ssl/cert.pem; do
    [ ! -e "$file" ] || return 0
  done
  return 1
}

# The first file of the data set. The program reads the same places.
data_set() {
  local file
  for file in data/data.tar.gz data/data.tgz data/*.csv data/*.csv.gz data/*-ubyte data/*-ubyte.gz \
    /usr/share/datasets/fashion-mnist/*; do
    if [ -f "$file" ]; then
      data=$file
      return 0
    fi
  done
  return 1
}

# An MPI library with its compiler wrapper, its starter, and the library that its header is translated to Rust by.
mpi_library() {
  local file
  if ! has mpicc || ! has mpirun; then
    return 1
  fi
  [ -z "${LIBCLANG_PATH:-}" ] || return 0
  if library libclang.so; then
    return 0
  fi
  for file in /usr/lib/llvm-*/lib/libclang*.so* /usr/lib64/libclang.so* /usr/lib/libclang.so*; do
    [ ! -e "$file" ] || return 0
  done
  return 1
}

# Each in turn ---------------------------------------------------------------------------------------------------------

setup_linker() {
  if cc_links; then
    report "C linker" "found ($(command -v cc))"
  elif [ "$(uname -s)" = Darwin ]; then
    lack "C linker" "Install Apple's command line tools: xcode-select --install"
  elif ! install_for "C linker" cc_links gcc libc6-dev; then
    lack "C linker" "Install a C compiler and the C library's headers. Debian, Ubuntu: build-essential; Fedora: gcc; \
Arch: base-devel; Alpine: build-base"
  fi
}

setup_vulkan() {
  if [ "$(uname -s)" = Darwin ]; then
    report "Vulkan" "not needed (Metal is part of macOS)"
    return
  fi
  if vulkan_loader; then
    report "Vulkan loader" "found"
  elif ! install_for "Vulkan loader" vulkan_loader libvulkan1; then
    lack "Vulkan loader" "Install libvulkan.so.1. Debian, Ubuntu: libvulkan1; Fedora, Alpine: vulkan-loader; \
Arch: vulkan-icd-loader"
  fi

  if vulkan_driver; then
    report "Vulkan driver" "found ($devices)"
  elif [ -n "${VK_DRIVER_FILES:-${VK_ICD_FILENAMES:-}}" ]; then
    lack "Vulkan driver" "VK_DRIVER_FILES or VK_ICD_FILENAMES is set, and what it names gives the loader no device: \
unset it or set it right"
  elif ! install_for "Vulkan driver" vulkan_driver mesa-vulkan-drivers; then
    lack "Vulkan driver" "Install your GPU's, or Mesa's software driver. Debian, Ubuntu, Fedora: mesa-vulkan-drivers; \
Arch: vulkan-swrast; Alpine: mesa-vulkan-swrast"
  fi
}

setup_data() {
  if data_set; then
    report "Fashion-MNIST" "found ($data)"
  elif ! install_for "Fashion-MNIST" data_set dataset-fashion-mnist; then
    lack "Fashion-MNIST" "Either put its files into data/ (data.tar.gz, the two CSV files, or the four *-ubyte.gz of \
https://github.com/zalandoresearch/fashion-mnist), or, on Debian and Ubuntu, install dataset-fashion-mnist: it is in \
Debian's component main and in Ubuntu's universe (to enable that: sudo add-apt-repository universe)"
  fi
}

setup_certificates() {
  if [ "$(uname -s)" = Darwin ] || certificates; then
    report "Certificates" "found"
  elif ! install_for "Certificates" certificates ca-certificates; then
    lack "Certificates" "Install them, or cargo cannot fetch packages. Debian, Ubuntu, Fedora, Arch, Alpine: ca-certificates"
  fi
}

setup_cargo() {
  local wanted version major minor advice
  wanted=$(sed -n 's/^rust-version *= *"\([0-9]*\.[0-9]*\).*/\1/p' Cargo.toml)
  if [ -z "$wanted" ]; then
    lack "Rust" "Cargo.toml has no rust-version to check against"
    return
  fi
  advice="Get it:  curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y && . \"\$HOME/.cargo/env\""
  if has apt-cache && [ -n "$(apt-cache show rustup 2>/dev/null)" ]; then
    # Debian 13 and Ubuntu 24.04 have it, and a bare one has no curl.
    advice="Get it:  apt-get install rustup && rustup default stable  (as root, or with sudo before apt-get)"
  fi
  if has rustup; then
    advice="Get it:  rustup update stable && rustup default stable"
  elif [ -x "${CARGO_HOME:-${HOME:-}/.cargo}/bin/cargo" ]; then
    advice="One is installed outside the PATH. Use it:  . \"${CARGO_HOME:-\$HOME/.cargo}/env\""
  fi
  if ! has cargo; then
    lack "Rust" "There is no cargo; Rust $wanted or newer is needed. $advice"
    return
  fi
  version=$(cargo --version </dev/null 2>&1) || version="cargo that does not run"
  if [[ $version =~ ^cargo\ ([0-9]+)\.([0-9]+)\. ]]; then
    major=${BASH_REMATCH[1]} minor=${BASH_REMATCH[2]}
    if ((major > ${wanted%.*} || (major == ${wanted%.*} && minor >= ${wanted#*.}))); then
      report "Rust" "found ($version)"
      return
    fi
  fi
  lack "Rust" "Here is $version; Rust $wanted or newer is needed (a distribution's own is often too old). $advice"
}

setup_mpi() {
  if mpi_library; then
    report "MPI" "found ($(command -v mpirun))"
  elif ! install_for "MPI" mpi_library libopenmpi-dev openmpi-bin libclang-dev; then
    lack "MPI" "Install Open MPI or MPICH with its headers, and libclang. Debian, Ubuntu: libopenmpi-dev openmpi-bin libclang-dev; \
Fedora: openmpi-devel clang-devel, then module load mpi; Arch: openmpi clang; on a cluster: module load openmpi"
  fi
}

setup_linker
setup_certificates
setup_vulkan
setup_data
setup_cargo
if [ "${1:-}" = --mpi ]; then
  setup_mpi
fi
exit "$missing"
