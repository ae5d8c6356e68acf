#!/bin/sh
# Ratios to tshark in one run: a durable import, and reading with filters. bench.sh PACKETSTREAM [CAPTURE]
# Without a capture one of 1,370,000 packets is made. With BENCH=read it is the reading alone.
set -eu

bin=$1
work=$(mktemp -d)
node=""
trap '[ -z "$node" ] || kill "$node"; rm -rf "$work"' EXIT
capture=${2:-$work/mix.pcap}
[ -f "$capture" ] || "$(dirname "$bin")/simnet" traffic --mix 1370000 --seed 1 --out "$capture" >/dev/null
cat "$capture" >/dev/null

measure() { # NAME COMMAND...: wall and CPU seconds, peak KiB
    name=$1; shift
    /usr/bin/env time -f "%e %U %S %M" -o "$work/$name" "$@" >/dev/null 2>&1 || true
    awk -v n="$name" 'END { printf "%-28s wall %7.2f s  cpu %7.2f s  peak %8d KiB\n", n, $1, $2 + $3, $4 }' "$work/$name"
}
ratio() { # A B COLUMNS: A divided by B
    awk -v a="$1" -v b="$2" 'FNR == 1 { f++ } { w[f] = $1; c[f] = $2 + $3; m[f] = $4 }
        END { printf "  %s / %s: wall %.3f, cpu %.3f, peak %.3f\n", a, b, w[1] / w[2], c[1] / c[2], m[1] / m[2] }' "$work/$1" "$work/$2"
}

if [ "${BENCH:-all}" != read ]; then
    "$bin" --log error node --data "$work/data" --listen 127.0.0.1:0 >"$work/node.out" &
    node=$!
    until grep -q '^listening' "$work/node.out"; do sleep 0.1; done
    peer=$(sed -n 's/^listening on \([^,]*\),.*/\1/p' "$work/node.out")
    measure import "$bin" import "$capture" --peer "$peer" --data "$work/data"
    grep VmHWM "/proc/$node/status" | awk '{ print "  node peak " $2 " KiB" }'
fi
measure read-ip "$bin" read -r "$capture" -Y 'ip.addr == 192.168.1.5' -w "$work/ip.out"
measure read-407 "$bin" read -r "$capture" -Y 'sip.Status-Code == 407' -w "$work/sip.out"
measure read-retransmission "$bin" read -r "$capture" -Y 'tcp.analysis.retransmission' -w "$work/tcp.out"
fields="-T fields -e frame.number -e ip.src -e ip.dst -e udp.srcport -e udp.dstport"
# shellcheck disable=SC2086
measure read-fields "$bin" read -r "$capture" $fields
if command -v tshark >/dev/null 2>&1; then
    if [ "${BENCH:-all}" != read ]; then
        measure tshark-q tshark -r "$capture" -q
        measure tshark-dissect tshark -r "$capture" -q -z io,stat,0
    fi
    measure tshark-ip tshark -r "$capture" -Y 'ip.addr == 192.168.1.5' -w "$work/t.out"
    measure tshark-407 tshark -r "$capture" -Y 'sip.Status-Code == 407' -w "$work/t.out"
    measure tshark-retransmission tshark -r "$capture" -Y 'tcp.analysis.retransmission' -w "$work/t.out"
    # shellcheck disable=SC2086
    measure tshark-fields tshark -r "$capture" $fields
    if [ "${BENCH:-all}" != read ]; then
        ratio import tshark-q
        ratio import tshark-dissect
    fi
    for what in ip 407 retransmission fields; do ratio "read-$what" "tshark-$what"; done
    echo "  at most: cpu 0.050, 0.067, 0.100 and 0.033; peak 0.200"
fi
