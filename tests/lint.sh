#!/bin/sh
# Format and lints. A toolchain may lack the tools for it (rustup's minimal profile does): rustup adds them, and where it cannot
# they are left out, though not in CI.
set -eu

has() { cargo "$1" --version >/dev/null 2>&1; }
if ! has fmt || ! has clippy; then rustup component add rustfmt clippy || true; fi
check() {
    if has "$1"; then
        cargo "$@"
    else
        echo "skipped: lint: cargo $1 is not here" >&2
        [ "${CI:-}" != true ]
    fi
}
check fmt --all --check
check clippy --release --locked --workspace --all-targets -- -D warnings
