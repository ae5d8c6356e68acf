#!/bin/sh
# No capture, however damaged, stops `read -V`: each is changed by editcap at two rates under twenty seeds, and read.
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
            editcap -E "$rate" --seed "$seed" "$1" "$changed" >/dev/null 2>&1 || continue
            status=0
            timeout 10 "$bin" read -r "$changed" -V >/dev/null 2>"$changed.err" || status=$?
            # 2 is damage of the file, which is told.
            case $status in
                0|1|2) ;;
                124) echo "$1 -E $rate --seed $seed: longer than 10 s" ;;
                *) echo "$1 -E $rate --seed $seed: status $status: $(head -c 300 "$changed.err")" ;;
            esac
            echo run >>"$work/runs"
        done
    done
    rm -f "$changed" "$changed.err"' sh >"$work/wrong"

cat "$work/wrong"
echo "$(wc -l <"$work/runs") runs, $(wc -l <"$work/wrong") wrong"
[ ! -s "$work/wrong" ]
