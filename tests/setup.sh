#!/bin/sh
# Installs what building and testing need and the machine has not: libpcap's headers, libclang, a C++ compiler; in CI also
# the programs that tests compare with and otherwise do without.
set -eu

missing=""
want() { # NAME-ON-DEBIAN NAME-ON-FEDORA
    if command -v apt-get >/dev/null 2>&1; then missing="$missing $1"; else missing="$missing $2"; fi
}
have() { command -v "$1" >/dev/null 2>&1; }

for folder in /usr/include /usr/local/include; do [ -f "$folder/pcap/pcap.h" ] && headers=yes; done
[ "${headers:-}" = yes ] || want libpcap-dev libpcap-devel
# Small images come without find and xargs.
if have find && have xargs; then :; else want findutils findutils; fi
# Not libclang-cpp, nor the runtime's libclang_rt: bindgen loads the C library.
find /usr/lib /usr/lib64 /usr/local/lib -maxdepth 4 \( -name 'libclang.so*' -o -name 'libclang-[0-9]*.so*' \) 2>/dev/null | grep -q . || want libclang-dev clang-devel
have c++ || want g++ gcc-c++
if [ "${CI:-}" = true ]; then
    if have tshark && have capinfos; then :; else want tshark wireshark-cli; fi
    have ip || want iproute2 iproute
fi
[ -n "$missing" ] || exit 0

as_root=""
if [ "$(id -u)" -eq 0 ]; then
    echo "These packages are missing and will be installed:$missing"
elif have sudo; then
    as_root=sudo
    echo "These packages are missing and will be installed with sudo:$missing"
else
    echo "These packages are missing, and there is no sudo; install them as root:$missing" >&2
    exit 1
fi
# shellcheck disable=SC2086
if have apt-get; then
    $as_root apt-get update -q
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
elif have dnf || have microdnf; then
    if have dnf; then manager=dnf; else manager=microdnf; fi
    # Where libpcap's headers are: CentOS 9 calls it CRB, 8 PowerTools; on Fedora it is no repository of its own.
    $as_root $manager install -y --enablerepo='*crb*' $missing ||
        $as_root $manager install -y --enablerepo='*powertools*' $missing ||
        $as_root $manager install -y $missing
else
    echo "Neither apt-get nor dnf is here; install these by hand:$missing" >&2
    exit 1
fi
