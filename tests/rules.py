#!/usr/bin/env python3
"""Wireshark's own rule files against Wireshark: whether each rule of `colorfilters` and `dfilters` is compiled or named with its
reason, and whether each selects the frames that tshark selects, in every capture of a folder.

Counts come from one run of tshark a capture (`-z io,stat`); where they differ from ours the frames themselves are asked for with
`-Y`, which decides. Prints the pairs that differ and a line of totals. Needs tshark and the files of Debian's wireshark-common.
rules.py PACKETSTREAM CAPTURES [RULE_FILE...]
"""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

BIN, CAPTURES = sys.argv[1], sys.argv[2]
FILES = sys.argv[3:] or ["/usr/share/wireshark/colorfilters", "/usr/share/wireshark/dfilters"]
ENVIRONMENT = {**os.environ, "TZ": "UTC", "LC_ALL": "C.UTF-8"}


def ours(*arguments):
    """The rules, one object each."""
    said = subprocess.run([BIN, "rules", "check", *FILES, "--json", *arguments], capture_output=True, text=True)
    return [row for row in map(json.loads, said.stdout.splitlines()) if "rule" in row]


def tshark(capture, *arguments):
    said = subprocess.run(["tshark", "-2", "-n", "-r", capture, *arguments], capture_output=True, text=True, env=ENVIRONMENT)
    return said.stdout


def counts(capture, filters):
    """How many frames each filter selects, by io,stat, which prints a table for each, the last first. A comma parts filters there."""
    asked = [text for text in filters if "," not in text]
    said = tshark(capture, "-q", *[word for text in asked for word in ("-z", f"io,stat,0,{text}")])
    found = []
    for table in said.split("| IO Statistics")[:0:-1]:
        rows = [line.split("|") for line in table.splitlines() if "<>" in line]
        found.append(int(rows[0][2]) if rows else 0)
    return dict(zip(asked, found)) if len(found) == len(asked) else {}


def frames(capture, text):
    return [int(number) for number in tshark(capture, "-Y", text, "-T", "fields", "-e", "frame.number").split()]


def compare(capture):
    """The pairs of a capture: how many there are, how many only io,stat counts otherwise, and those that differ."""
    if not tshark(capture, "-c", "1", "-T", "fields", "-e", "frame.number"):
        return 0, 0, []
    rows = ours("-r", capture)
    rows = [row for row in rows if row["state"] == "compiled"]
    by_stat = counts(capture, [row["filter"] for row in rows])
    otherwise, differ = 0, []
    for row in rows:
        if by_stat.get(row["filter"]) == len(row["frames"]):
            continue
        theirs = frames(capture, row["filter"])
        if theirs == row["frames"]:
            otherwise += row["filter"] in by_stat
        else:
            missed, more = sorted(set(theirs) - set(row["frames"])), sorted(set(row["frames"]) - set(theirs))
            differ.append(f"{os.path.relpath(capture, CAPTURES)}: {row['rule']}: missed {missed[:8]}, more {more[:8]}")
    return len(rows), otherwise, differ


rules = ours()
if not rules:
    sys.exit("no rules")
compiled = sum(row["state"] == "compiled" for row in rules)
for row in rules:
    if row["state"] != "compiled":
        print(f"{row['file']}:{row['line']}: {row['rule']}: {row['state']}: {row.get('reason', 'NO REASON')}")
captures = [os.path.join(folder, name) for folder, _, names in sorted(os.walk(CAPTURES)) for name in sorted(names)]
captures = [path for path in captures if path.endswith((".pcap", ".pcapng", ".cap"))]
with ThreadPoolExecutor(2) as pool:
    results = list(pool.map(compare, captures))
for _, _, differ in results:
    print(*differ, sep="\n", end="\n" if differ else "")
pairs, otherwise = sum(pairs for pairs, _, _ in results), sum(otherwise for _, otherwise, _ in results)
wrong = sum(len(differ) for _, _, differ in results)
read = sum(pairs > 0 for pairs, _, _ in results)
print(f"{len(rules)} rules, {compiled} compiled; {read} captures that tshark reads, {pairs} pairs, {wrong} differ", end="")
print(f" (of the others {otherwise} are counted otherwise by io,stat alone)")
