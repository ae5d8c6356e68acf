#!/bin/sh
# No capture, however damaged, stops the program: each is changed by editcap at two rates under twenty seeds, shown whole
# as text and as JSON, diagnosed, and searched for calls.
# mutate.sh PACKETSTREAM CAPTURES [SEEDS]. Prints what crashed or took longer than 10 s; the status is 1 if anything did.
set -eu

bin=$1
seeds=${3:-20}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export bin work seeds

find "$2" -type f ! -name '*.tsv' ! -name '*.md' -print0 | xargs -0 -P "$(nproc)" -n 1 sh -c '
    changed=$work/$$
    for rate in 0.02 0.10; do
        for seed in $(seq 1 "$seeds"); do
            # What editcap cannot read to its end it changes as far as it can.
            editcap -E "$rate" --seed "$seed" "$1" "$changed" >/dev/null 2>&1 || [ -s "$changed" ] || continue
            for how in "read -V" "read -T json" diagnose calls; do
                status=0
                start=$(date +%s%N)
                timeout 10 "$bin" $how -r "$changed" >/dev/null 2>"$changed.err" || status=$?
                echo "$((($(date +%s%N) - start) / 1000000)) $how $1 -E $rate --seed $seed" >>"$work/runs"
                # 2 is damage of the file, which is told.
                case $status in
                    0|1|2) grep -q "panicked at" "$changed.err" || continue ;;
                    124) echo "$how: longer than 10 s" >"$changed.err" ;;
                esac
                echo "$1 -E $rate --seed $seed: $how: status $status: $(head -c 300 "$changed.err")"
            done
        done
    done
    rm -f "$changed" "$changed.err"' sh >"$work/wrong"

cat "$work/wrong"
files=$(cut -d" " -f2- "$work/runs" | grep -o "[^ ]* -E" | sort -u | wc -l)
echo "$files captures, $(wc -l <"$work/runs") runs, $(wc -l <"$work/wrong") lines of what went wrong"
echo "the longest, in ms:"
sort -rn "$work/runs" | head -3
[ ! -s "$work/wrong" ]
