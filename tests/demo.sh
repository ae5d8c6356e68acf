#!/bin/sh
# The tour of the README: three nodes, an edge node, four captures made for it, questions to each node, a node that is killed
# in the middle and one that joins. demo.sh FOLDER-OF-BINARIES [--keep]
set -eu

bin=$1
keep=${2:-}
work=$(mktemp -d)
pids=""
end() {
    [ "$keep" = --keep ] && [ "${done:-}" = yes ] && return
    for pid in $pids; do kill "$pid" 2>/dev/null || true; done
    for pid in $pids; do wait "$pid" 2>/dev/null || true; done
    rm -rf "$work"
}
trap end EXIT
say() { printf '\n# %s\n' "$*"; }
# Runs a command through a node, as the operator.
through() {
    node=$1; shift
    printf '$ packetstream %s --peer %s\n' "$*" "$node"
    "$bin/packetstream" "$@" --peer "$(cat "$work/$node.at")" --bundle "$work/operator/operator.bundle"
}
# Waits until a command says what is wanted.
await() {
    wanted=$1; shift
    tries=0
    until "$@" 2>/dev/null | grep -q "$wanted"; do
        tries=$((tries + 1)); [ "$tries" -le 300 ] || { echo "not in time: $wanted" >&2; exit 1; }
        sleep 0.2
    done
}
status() { "$bin/packetstream" status --peer "$(cat "$work/$1.at")" --bundle "$work/operator/operator.bundle"; }
found() { "$bin/packetstream" diagnose --stored --host "$1" --peer "$(cat "$work/n1.at")" --bundle "$work/operator/operator.bundle"; }
# Starts a node of the cluster; the first needs no seed.
start() {
    name=$1; shift
    "$bin/packetstream" cluster invite --role node --name "$name" -o "$work/$name.bundle" --data "$work/operator" >/dev/null
    "$bin/packetstream" --log warn node --bundle "$work/$name.bundle" --data "$work/$name" --listen 127.0.0.1:0 "$@" \
        >"$work/$name.out" 2>"$work/$name.log" &
    eval "pid_$name=$!"
    pids="$pids $!"
    tries=0
    until grep -qs '^listening on' "$work/$name.out"; do
        kill -0 "$!" 2>/dev/null || { cat "$work/$name.log" >&2; exit 1; }
        tries=$((tries + 1)); [ "$tries" -le 100 ] || { echo "$name did not start in 20 s" >&2; exit 1; }
        sleep 0.2
    done
    sed -n 's/^listening on \([^,]*\),.*/\1/p' "$work/$name.out" >"$work/$name.at"
    echo "$name: $(head -1 "$work/$name.out")"
}

say "A cluster: its authority, and three nodes, each with a bundle of its own"
"$bin/packetstream" cluster init --data "$work/operator"
start n1
seed=$(cat "$work/n1.at")
start n2 --seed "$seed"
start n3 --seed "$seed"
await "^cluster  3 copies.*belongs" status n1
through n1 status

say "An edge node, which may write its own packets and read nothing, replays a healthy call"
"$bin/packetstream" cluster invite --role edge --name field --seed "$seed" --seed "$(cat "$work/n2.at")" \
    -o "$work/field.bundle" --data "$work/operator" >/dev/null
"$bin/simnet" traffic healthy_call --seed 1 --out "$work/healthy_call.pcap" >/dev/null
printf '$ packetstream import healthy_call.pcap --bundle field.bundle\n'
"$bin/packetstream" import "$work/healthy_call.pcap" --bundle "$work/field.bundle"
"$bin/packetstream" query --bundle "$work/field.bundle" || true

say "A 407 loop, a rejected T.38 fax and an ARP conflict, each through another node"
number=0
for scenario in auth_loop_407 t38_rejected arp_conflict; do
    number=$((number + 1))
    "$bin/simnet" traffic "$scenario" --seed 1 --out "$work/$scenario.pcap" >/dev/null
    through "n$number" import "$work/$scenario.pcap" --host "$scenario"
done
through n2 hosts

say "The same question through each node: what the phone with the wrong password was told, again and again"
for node in n1 n2 n3; do
    through "$node" query --host auth_loop_407 -Y "sip.Status-Code == 407" -c 2
done

say "Where the fax was refused, and two machines with one address"
through n3 query --host t38_rejected -Y "sip.Status-Code >= 400"
through n2 query --host arp_conflict -Y arp -c 4

say "What went wrong: the cluster has looked at it by itself"
for host in auth_loop_407 t38_rejected arp_conflict; do await "^[A-Z]" found "$host"; done
through n1 diagnose --stored

say "An import of 200,000 packets, and kill -9 of a node in the middle of it"
"$bin/simnet" traffic --mix 200000 --seed 1 --out "$work/mix.pcap" >/dev/null
"$bin/packetstream" import "$work/mix.pcap" --host mix --json --peer "$(cat "$work/n1.at")" --peer "$(cat "$work/n2.at")" \
    --bundle "$work/operator/operator.bundle" >"$work/import.out" &
import=$!
await acknowledged cat "$work/import.out"
# shellcheck disable=SC2154
kill -9 "$pid_n1"
echo "n1 killed"
wait "$import"
tail -1 "$work/import.out"
through n2 query --host mix -Y "sip.Status-Code == 407" -c 1
through n3 query --host mix -Y sip -T fields -e frame.number -w "$work/mix.pcapng"

say "A fourth node joins and takes its share"
start n4 --seed "$(cat "$work/n2.at")"
await "n4.*active" status n2
await "^stored   [1-9]" status n4
through n4 status
through n4 query --host mix -Y "sip.Status-Code == 407" -c 1

if [ "$keep" = --keep ]; then
    done=yes
    say "It keeps running. Go on with:"
    echo "  export PACKETSTREAM_BUNDLE=$work/operator/operator.bundle"
    for node in n2 n3 n4; do echo "  $bin/packetstream status --peer $(cat "$work/$node.at")"; done
    echo "  $bin/packetstream query --peer $(cat "$work/n2.at") -Y 'sip.Status-Code == 407'"
    echo "  $bin/packetstream diagnose --stored --peer $(cat "$work/n2.at")"
    echo "  $bin/packetstream cluster drain n4 --peer $(cat "$work/n2.at")"
    echo "To end it: kill$pids; rm -r $work"
    exit 0
fi
say "Done; the nodes are stopped and their data removed."
