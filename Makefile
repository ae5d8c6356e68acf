# make test: everything that is checked. make demo: the program at work (make demo KEEP=--keep leaves it running). Both
# install what they need.
# Compiled dependencies stay outside the checkout, so that RocksDB's C++ (about 25 minutes on two cores) is built once a
# machine: every clone shares the folder.
CACHE := $(if $(XDG_CACHE_HOME),$(XDG_CACHE_HOME),$(HOME)/.cache)
export CARGO_TARGET_DIR ?= $(CACHE)/packetstream/target
BIN := $(CARGO_TARGET_DIR)/release/packetstream

# Crates that need neither RocksDB nor libp2p are tested once more with debug assertions and overflow checks.
PURE := -p packetstream-protocol -p packetstream-dissect -p packetstream-fuzz

# The release commands always name the whole workspace: with a part of it cargo unites features differently, and RocksDB
# would be built once more.
.PHONY: build setup test demo lint fix bench mutate rules fuzz sipp latency rebalance

build: setup
	cargo build --release --locked --workspace

# Cargo tells checkouts that share a target folder apart by nothing but the times of their files: after a change of
# checkout all of ours are newer than what was built of another.
setup:
	@sh tests/setup.sh
	@mkdir -p $(CARGO_TARGET_DIR)
	@[ "$$(cat $(CARGO_TARGET_DIR)/checkout 2>/dev/null)" = "$(CURDIR)" ] || git ls-files -z '*.rs' | xargs -0 touch
	@echo "$(CURDIR)" > $(CARGO_TARGET_DIR)/checkout

test: build
	@sh tests/test.sh $(PURE)

lint:
	@sh tests/lint.sh

fix:
	cargo fmt --all
	cargo clippy --release --locked --workspace --all-targets --fix --allow-dirty

bench: build
	sh tests/bench.sh $(BIN)

demo: build
	sh tests/demo.sh $(CARGO_TARGET_DIR)/release $(KEEP)

# CAPTURES is a folder of capture files.
mutate: build
	sh tests/mutate.sh $(BIN) $(CAPTURES)

# Wireshark's own rule files against tshark, in the captures of the folder CAPTURES.
rules: build
	python3 tests/rules.py $(BIN) $(CAPTURES)

# Each fuzz target for SECONDS (what `make test` runs of them is short): those of the pure crates with debug assertions and
# overflow checks, all of them optimised. What fails says how to repeat it.
SECONDS ?= 30
fuzz: build
	PACKETSTREAM_FUZZ_SECONDS=$(SECONDS) cargo test --locked $(PURE) --test fuzz -- --nocapture
	PACKETSTREAM_FUZZ_SECONDS=$(SECONDS) cargo test --release --locked --workspace --test fuzz -- --nocapture

# Both need root for network namespaces, and say what else is missing.
sipp: build
	sh tests/sipp.sh $(BIN)

latency: build
	sh tests/latency.sh $(BIN)

# Three nodes become five and three again, with five million packets: what moves, how fast, and what else suffers.
rebalance: build
	python3 tests/rebalance.py $(BIN) $(CARGO_TARGET_DIR)/release/simnet
