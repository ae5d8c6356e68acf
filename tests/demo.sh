#!/bin/sh
# The tour of the README: a node, four captures made for it, and questions to it. demo.sh FOLDER-OF-BINARIES
set -eu

bin=$1
work=$(mktemp -d)
node=""
end() {
    [ -z "$node" ] || { kill "$node" 2>/dev/null || true; wait "$node" 2>/dev/null || true; }
    rm -rf "$work"
}
trap end EXIT
say() { printf '\n# %s\n' "$*"; }
run() { printf '$ packetstream %s\n' "$*"; "$bin/packetstream" "$@" --peer "$peer" --data "$work/data"; }

say "A cluster of one"
"$bin/packetstream" --log warn node --data "$work/data" --listen 127.0.0.1:0 >"$work/node.out" &
node=$!
tries=0
until grep -q '^listening on' "$work/node.out"; do
    kill -0 "$node" 2>/dev/null || { echo "the node did not start" >&2; exit 1; }
    tries=$((tries + 1)); [ "$tries" -le 100 ] || { echo "the node did not start in 20 s" >&2; exit 1; }
    sleep 0.2
done
cat "$work/node.out"
peer=$(sed -n 's/^listening on \([^,]*\),.*/\1/p' "$work/node.out")

say "A healthy call, a 407 loop, a rejected T.38 fax and an ARP conflict"
for scenario in healthy_call auth_loop_407 t38_rejected arp_conflict; do
    "$bin/simnet" traffic "$scenario" --seed 1 --out "$work/$scenario.pcap" >/dev/null
    run import "$work/$scenario.pcap" --host "$scenario"
done
run hosts

say "What the phone with the wrong password was told, again and again"
run query --host auth_loop_407 -Y "sip.Status-Code == 407" -c 5
run query --host auth_loop_407 -Y "sip.Status-Code == 407" -T fields -e frame.number -e sip.CSeq -e sip.Call-ID -c 3

say "Where the fax was refused"
run query --host t38_rejected -Y "sip.Status-Code >= 400"

say "Two machines, one address"
run query --host arp_conflict -Y arp -c 4

say "The node itself"
run status
say "Done; the node is stopped and its data removed."
