#!/bin/sh
# From capture to a live query and to a finding: a steady RATE of packets (20,000 a second) for SECONDS (10) over a veth pair, ten
# a second SIP requests that lack a header (what one sender does wrong is gathered for a second); one of three nodes captures.
# Each line of `query --follow` and of `diagnose --follow` is compared with the time of its packet, and so is what the
# cluster's own analysis has stored, which is asked for again and again. Needs root (a network namespace), ip and python3.
# latency.sh PACKETSTREAM
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
# Each wrong request has a sender of its own: the same fault of one sender is one finding.
ip -n "$space" route add local 10.79.1.0/24 dev lo
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
# What comes on standard input, each line against the time in it. read.py NAME COUNT_FILE
import datetime, json, sys, time
delays, ids = [], set()
try:
    for line in iter(sys.stdin.readline, ""):
        now = time.time()
        if not line.startswith("{"):
            delays.append(now - float(line))
            continue
        row = json.loads(line)
        if row.get("code") == "sip.malformed" and row["id"] not in ids:
            ids.add(row["id"])
            seen = row["first_seen"]
            whole = datetime.datetime.fromisoformat(seen[:19] + "+00:00").timestamp()
            delays.append(now - whole - float("0" + seen[19:].rstrip("Z")))
except KeyboardInterrupt:
    pass
delays.sort()
at = lambda part: delays[min(len(delays) - 1, int(len(delays) * part))] * 1000
print(f"{sys.argv[1]}: sent {open(sys.argv[2]).read().strip()}, shown {len(delays)}", end="")
print(f", delay p50 {at(0.5):.0f} ms, p99 {at(0.99):.0f} ms, max {delays[-1] * 1000:.0f} ms" if delays else "")
PY
cat >"$work/send.py" <<'PY'
import socket, sys, time
rate, seconds = int(sys.argv[1]), int(sys.argv[2])
def out(port, source="10.79.0.1"):
    out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    out.bind((source, 0))
    out.connect(("10.79.0.2", port))
    return out
media = out(9)
lacking = "INVITE sip:b@10.79.0.2 SIP/2.0\r\nVia: SIP/2.0/UDP 10.79.0.1;branch=z9hG4bK{0}\r\nCall-ID: {0}@10.79.0.1\r\n"
lacking += "From: <sip:a@10.79.0.1>;tag=1\r\nTo: <sip:b@10.79.0.2>\r\nContent-Length: 0\r\n\r\n"
begun, sent, wrong, payload = time.monotonic(), 0, 0, bytes(160)
while sent < rate * seconds:
    passed = time.monotonic() - begun
    due = min(int(passed * rate), rate * seconds)
    for _ in range(due - sent):
        media.send(payload)
    sent = due
    # The last of them while the others still flow: of a host that falls silent no more is heard for a while.
    if wrong < min(passed, seconds - 3) * 10 and wrong < 254:
        out(5060, f"10.79.1.{wrong + 1}").send(lacking.format(wrong).encode())
        wrong += 1
    time.sleep(0.001)
print(sent + wrong, file=open(sys.argv[3] + ".packets", "w"))
print(wrong, file=open(sys.argv[3] + ".findings", "w"))
print(f"{sent} packets in {time.monotonic() - begun:.2f} s")
PY
mkfifo "$work/lines" "$work/findings" "$work/stored"
# Asked of the node that does not capture.
asked="--peer $last --bundle $work/operator/operator.bundle"
# shellcheck disable=SC2086
(exec ip netns exec "$space" "$bin" query --follow -T fields -e frame.time_epoch $asked >"$work/lines" 2>"$work/query.log") &
asking=$!
# shellcheck disable=SC2086
(exec ip netns exec "$space" "$bin" diagnose --follow --json $asked >"$work/findings" 2>"$work/diagnose.log") &
asking="$asking $!"
# shellcheck disable=SC2086
(while ip netns exec "$space" "$bin" diagnose --stored --json $asked || true; do sleep 0.2; done >"$work/stored" 2>/dev/null) &
asking="$asking $!"
pids="$pids $asking"
python3 "$work/read.py" query "$work/sent.packets" <"$work/lines" &
readers=$!
python3 "$work/read.py" diagnose "$work/sent.findings" <"$work/findings" &
readers="$readers $!"
python3 "$work/read.py" stored "$work/sent.findings" <"$work/stored" &
readers="$readers $!"
sleep 3
ip netns exec "$space" python3 "$work/send.py" "$rate" "$seconds" "$work/sent"
sleep 3
# shellcheck disable=SC2086
kill $asking
for reader in $readers; do wait "$reader"; done
