#!/bin/sh
# Live diagnosis of real signalling: a node captures while sipp makes CALLS calls (500), of which the server refuses the
# credentials of one in ten; `diagnose --follow` must name exactly those. The server tells them by the user's name, for sipp
# verifies no passwords in Proxy-Authorization. Needs root (network namespaces), ip and sipp. sipp.sh PACKETSTREAM
set -eu

bin=$1
calls=${CALLS:-500}
rate=${RATE:-50}
here=$(cd "$(dirname "$0")" && pwd)
missing=""
[ "$(id -u)" -eq 0 ] || missing=" root"
for program in ip sipp; do command -v "$program" >/dev/null 2>&1 || missing="$missing $program"; done
[ -z "$missing" ] || { echo "needs$missing (sipp is in Debian's package sip-tester)" >&2; exit 2; }

work=$(mktemp -d)
server=pss-$$ caller=psc-$$
pids=""
end() {
    for pid in $pids; do kill "$pid" 2>/dev/null || true; done
    for pid in $pids; do wait "$pid" 2>/dev/null || true; done
    ip netns del "$server" 2>/dev/null || true
    ip netns del "$caller" 2>/dev/null || true
    rm -rf "$work"
}
trap end EXIT
await() { # SECONDS COMMAND...
    tries=$(($1 * 10)); shift
    until "$@"; do
        tries=$((tries - 1)); [ "$tries" -gt 0 ] || return 1
        sleep 0.1
    done
}

ip netns add "$server"
ip netns add "$caller"
ip -n "$server" link add eth0 type veth peer name eth0 netns "$caller"
for side in "$server 1" "$caller 2"; do
    # shellcheck disable=SC2086
    set -- $side
    ip -n "$1" link set lo up
    ip -n "$1" addr add "10.78.0.$2/24" dev eth0
    ip -n "$1" link set eth0 up
done

in_server() { ip netns exec "$server" "$@"; }
# In the background `exec` makes the process that is to be ended the job itself.
(exec ip netns exec "$server" "$bin" --log warn node --data "$work/node" --listen 127.0.0.1:0 -i eth0 -f 'udp port 5060' \
    >"$work/node.out" 2>"$work/node.log") &
pids="$pids $!"
await 20 grep -qs '^listening on' "$work/node.out" || { cat "$work/node.log" >&2; exit 1; }
peer=$(sed -n 's/^listening on \([^,]*\),.*/\1/p' "$work/node.out")
(exec ip netns exec "$server" "$bin" diagnose --follow -T json --peer "$peer" --bundle "$work/node/operator.bundle" \
    >"$work/findings" 2>"$work/diagnose.log") &
pids="$pids $!"
mkdir "$work/s" "$work/c"
(cd "$work/s" && exec ip netns exec "$server" sipp -sf "$here/sipp/server.xml" -i 10.78.0.1 -p 5060 -nostdin -trace_err \
    -error_file "$work/s.err" >/dev/null 2>&1) &
pids="$pids $!"
bound() { in_server grep -qi '01004E0A:13C4' /proc/net/udp; }
await 20 bound || { echo "sipp's server does not start" >&2; exit 1; }
sleep 2

echo SEQUENTIAL >"$work/callers.csv"
number=0
while [ "$number" -lt "$calls" ]; do
    number=$((number + 1))
    user=caller
    [ $((number % 10)) -ne 0 ] || user=stranger
    echo "$user$number;[authentication username=$user$number password=secret]" >>"$work/callers.csv"
done
begun=$(date +%s)
state=0
(cd "$work/c" && exec ip netns exec "$caller" sipp 10.78.0.1:5060 -sf "$here/sipp/caller.xml" -inf "$work/callers.csv" \
    -i 10.78.0.2 -p 5060 -m "$calls" -r "$rate" -nostdin -timeout 120 -trace_logs -log_file "$work/refused.log" \
    -trace_err -error_file "$work/c.err" >"$work/sipp.out" 2>&1) || state=$?
if [ "$state" -ne 0 ]; then
    tail -40 "$work/sipp.out" >&2
    head -40 "$work/c.err" "$work/s.err" >&2 || true
    echo "sipp ends with status $state" >&2
    exit 1
fi
echo "$calls calls in $(($(date +%s) - begun)) s"

sed -n 's/^refused \(.*\)$/\1/p' "$work/refused.log" | sort -u >"$work/expected"
sed_call='s/.*"call_id":"\([^"]*\)".*/\1/p'
all_named() {
    sed -n "$sed_call" "$work/findings" | sort -u >"$work/named"
    [ -z "$(comm -23 "$work/expected" "$work/named")" ]
}
await 30 all_named || true
# What it says too much it may say later.
sleep 5
all_named || true
expected=$(wc -l <"$work/expected")
missed=$(comm -23 "$work/expected" "$work/named" | wc -l)
named=$((expected - missed))
# A finding of anything but a failed call is false, and a second one of the same call is, too.
false=$(($(wc -l <"$work/findings") - named))
echo "expected $expected, named $named, missed $missed, false $false"
[ "$expected" -eq $((calls / 10)) ] || { echo "sipp's server refused $expected calls, not one in ten" >&2; exit 1; }
if [ "$missed" -ne 0 ] || [ "$false" -ne 0 ]; then
    sed 's/.*"code":"\([^"]*\)".*/\1/' "$work/findings" | sort | uniq -c >&2
    head -3 "$work/findings" >&2
    cat "$work/diagnose.log" >&2
    exit 1
fi
