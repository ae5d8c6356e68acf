#!/bin/sh
# From capture to a live query: a steady RATE of packets (20,000 a second) for SECONDS (10) over a veth pair, one of three
# nodes captures, and each line of `query --follow` is compared with the time of its packet. Needs root (a network namespace),
# ip and python3. latency.sh PACKETSTREAM
set -eu

bin=$1
rate=${RATE:-20000}
seconds=${SECONDS_SENT:-10}
missing=""
[ "$(id -u)" -eq 0 ] || missing=" root"
for program in ip python3; do command -v "$program" >/dev/null 2>&1 || missing="$missing $program"; done
[ -z "$missing" ] || { echo "needs$missing" >&2; exit 2; }

work=$(mktemp -d)
space=psl-$$
pids=""
end() {
    for pid in $pids; do kill "$pid" 2>/dev/null || true; done
    for pid in $pids; do wait "$pid" 2>/dev/null || true; done
    ip netns del "$space" 2>/dev/null || true
    rm -rf "$work"
}
trap end EXIT
await() { # SECONDS COMMAND...
    tries=$(($1 * 10)); shift
    until "$@"; do
        tries=$((tries - 1)); [ "$tries" -gt 0 ] || { echo "not in time: $*" >&2; return 1; }
        sleep 0.1
    done
}

ip netns add "$space"
ip -n "$space" link set lo up
ip -n "$space" link add out0 type veth peer name in0
ip -n "$space" addr add 10.79.0.1/24 dev out0
ip -n "$space" link set out0 up
ip -n "$space" link set in0 up
# Nobody answers there: the packets are seen and dropped.
ip -n "$space" neigh add 10.79.0.2 lladdr 02:00:00:00:00:02 dev out0

"$bin" cluster init --data "$work/operator" >/dev/null
peers=""
for name in n1 n2 n3; do
    "$bin" cluster invite --role node --name "$name" -o "$work/$name.bundle" --data "$work/operator" >/dev/null
    capture=""
    [ "$name" != n1 ] || capture="-i in0 -f udp"
    # shellcheck disable=SC2086
    (exec ip netns exec "$space" "$bin" --log warn node --bundle "$work/$name.bundle" --data "$work/$name" \
        --listen 127.0.0.1:0 ${peers:+--seed ${peers##* }} $capture >"$work/$name.out" 2>"$work/$name.log") &
    pids="$pids $!"
    await 20 grep -qs '^listening on' "$work/$name.out" || { cat "$work/$name.log" >&2; exit 1; }
    peers="$peers $(sed -n 's/^listening on \([^,]*\),.*/\1/p' "$work/$name.out")"
done
last=${peers##* }
status() { ip netns exec "$space" "$bin" status --json --peer "$last" --bundle "$work/operator/operator.bundle" 2>/dev/null; }
active() { [ "$(status | grep -o '"state": *"active"' | wc -l)" -ge 3 ]; }
await 30 active || status >&2

cat >"$work/read.py" <<'PY'
import sys, time
delays = []
try:
    for line in iter(sys.stdin.readline, ""):
        delays.append(time.time() - float(line))
except KeyboardInterrupt:
    pass
delays.sort()
sent = int(open(sys.argv[1]).read())
at = lambda part: delays[min(len(delays) - 1, int(len(delays) * part))] * 1000
print(f"sent {sent}, shown {len(delays)}")
if delays:
    print(f"delay p50 {at(0.5):.0f} ms, p99 {at(0.99):.0f} ms, max {delays[-1] * 1000:.0f} ms")
PY
cat >"$work/send.py" <<'PY'
import socket, sys, time
rate, seconds = int(sys.argv[1]), int(sys.argv[2])
out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
out.connect(("10.79.0.2", 9))
begun, sent, payload = time.monotonic(), 0, bytes(160)
while sent < rate * seconds:
    due = min(int((time.monotonic() - begun) * rate), rate * seconds)
    for _ in range(due - sent):
        out.send(payload)
    sent = due
    time.sleep(0.001)
print(sent, file=open(sys.argv[3], "w"))
print(f"{sent} packets in {time.monotonic() - begun:.2f} s")
PY
mkfifo "$work/lines"
# Asked of the node that does not capture.
(exec ip netns exec "$space" "$bin" query --follow -T fields -e frame.time_epoch --peer "$last" \
    --bundle "$work/operator/operator.bundle" >"$work/lines" 2>"$work/query.log") &
query=$!
pids="$pids $query"
python3 "$work/read.py" "$work/sent" <"$work/lines" &
reader=$!
sleep 3
ip netns exec "$space" python3 "$work/send.py" "$rate" "$seconds" "$work/sent"
sleep 3
kill "$query"
wait "$reader"
