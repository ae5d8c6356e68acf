#!/bin/sh
# Everything that is checked, and at the end how many tests passed and which were skipped for want of what. test.sh PURE: the
# arguments that name the crates whose tests run once more with debug assertions and overflow checks.
set -eu

said=$(mktemp)
trap 'rm -f "$said" "$said.failed"' EXIT
# What it prints, kept as well; a pipe forgets the status of its first command.
run() {
    echo "$*"
    { "$@" 2>&1 || echo "$*" >"$said.failed"; } | tee -a "$said"
    [ ! -e "$said.failed" ] || exit 1
}
[ ! -t 1 ] || export CARGO_TERM_COLOR=always
run sh tests/lint.sh
run cargo test --locked "$@"
run cargo test --release --locked --workspace

passed=$(sed -n 's/^test result: .* \([0-9]*\) passed;.*/\1/p' "$said" | { sum=0; while read -r some; do sum=$((sum + some)); done; echo "$sum"; })
skipped=$(sed -n 's/.*skipped: \(.*: .*\)/  \1/p' "$said" | sort -u)
printf '\n%s tests passed' "$passed"
if [ -n "$skipped" ]; then
    printf '; of these, %s were skipped:\n%s\n' "$(echo "$skipped" | grep -c .)" "$skipped"
else
    echo ", none was skipped"
fi
