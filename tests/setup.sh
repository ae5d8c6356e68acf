#!/bin/sh
# Installs what building and testing need and the machine has not: libpcap's headers, libclang, a C++ compiler; in CI also
# tshark, which tests compare with and otherwise do without.
set -eu

missing=""
want() { # NAME-ON-DEBIAN NAME-ON-FEDORA
    if command -v apt-get >/dev/null 2>&1; then missing="$missing $1"; else missing="$missing $2"; fi
}

for folder in /usr/include /usr/local/include; do [ -f "$folder/pcap/pcap.h" ] && headers=yes; done
[ "${headers:-}" = yes ] || want libpcap-dev libpcap-devel
# Not libclang-cpp, nor the runtime's libclang_rt: bindgen loads the C library.
find /usr/lib /usr/lib64 /usr/local/lib -maxdepth 4 \( -name 'libclang.so*' -o -name 'libclang-[0-9]*.so*' \) 2>/dev/null | grep -q . || want libclang-dev clang-devel
command -v c++ >/dev/null 2>&1 || want g++ gcc-c++
if [ "${CI:-}" = true ]; then
    command -v tshark >/dev/null 2>&1 || want tshark wireshark-cli
    command -v ip >/dev/null 2>&1 || want iproute2 iproute
fi
[ -n "$missing" ] || exit 0

as_root=""
if [ "$(id -u)" -ne 0 ]; then
    as_root=sudo
    echo "These packages are missing and will be installed with sudo:$missing"
else
    echo "These packages are missing and will be installed:$missing"
fi
if command -v apt-get >/dev/null 2>&1; then
    $as_root apt-get update -q
    # shellcheck disable=SC2086
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
elif command -v dnf >/dev/null 2>&1; then
    # CentOS Stream keeps libpcap's headers in the CRB repository.
    $as_root dnf install -y --enablerepo='*crb*' $missing || $as_root dnf install -y $missing
else
    echo "Neither apt-get nor dnf is here; install these by hand:$missing" >&2
    exit 1
fi
