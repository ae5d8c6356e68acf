#!/usr/bin/env python3
"""Makes oui.bin from the IEEE Registration Authority's public listing of MA-L assignments.

    generate.py oui.csv [older.csv ...] > oui.bin

The files are in the form in which the IEEE publishes oui.csv: registry, assignment in six hexadecimal digits, name of the
organisation, address. An assignment that stands in several files is taken from the first. Names are kept as they are
registered, but one that is all in capitals is written with a capital letter at the beginning of each word alone.

oui.bin, all numbers with the high octet first:

    4 octets   number of assignments, a
    4 octets   number of names, n
    a times    3 octets of the assignment, sorted, and 2 octets of the number of its name
    n+1 times  3 octets: where the name begins in the text that follows, and where the last one ends
    text       the names in UTF-8
"""

import csv
import sys


def shown(name):
    name = " ".join(name.split())
    return name.title() if name == name.upper() else name


def main(paths):
    owners = {}
    for path in paths:
        with open(path, encoding="utf-8", newline="") as file:
            for row in csv.reader(file):
                if len(row) >= 3 and row[0] == "MA-L" and row[2].strip():
                    owners.setdefault(int(row[1], 16), shown(row[2]))
    names = sorted(set(owners.values()))
    if len(names) > 0xFFFF:
        sys.exit("too many names for two octets")
    number = {name: at for at, name in enumerate(names)}
    out = bytearray(len(owners).to_bytes(4, "big") + len(names).to_bytes(4, "big"))
    for oui in sorted(owners):
        out += oui.to_bytes(3, "big") + number[owners[oui]].to_bytes(2, "big")
    texts = [name.encode() for name in names]
    at = 0
    for text in texts:
        out += at.to_bytes(3, "big")
        at += len(text)
    out += at.to_bytes(3, "big") + b"".join(texts)
    sys.stdout.buffer.write(out)


main(sys.argv[1:])
