#!/usr/bin/env python3
"""What it costs when nodes join and leave: 3 -> 4 -> 5 nodes and back, with PACKETS (5,000,000) packets of HOSTS (40) hosts stored.

Prints for each step how long it took, the bytes moved against the least that the new map needs, how fast they moved, and whether
every query during it was complete; once also what is left of the rate of an import meanwhile. Last a node joins while nothing
else goes on, and in the same run a plain TLS copy of 400 MB is measured, to memory and onto the disk. Needs openssl for its key. rebalance.py PACKETSTREAM SIMNET
"""

import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

BIN, SIMNET = sys.argv[1], sys.argv[2]
PACKETS = int(os.environ.get("PACKETS", 5_000_000))
HOSTS = int(os.environ.get("HOSTS", 40))
PATIENCE = 900
WORK = tempfile.mkdtemp(prefix="rebalance-")
nodes = []


class Node:
    def __init__(self, name):
        self.name = name
        run("cluster", "invite", "--role", "node", "--name", name, "-o", f"{WORK}/{name}.bundle", "--data", f"{WORK}/operator")
        command = [BIN, "--log", "warn", "node", "--bundle", f"{WORK}/{name}.bundle", "--data", f"{WORK}/{name}"]
        command += ["--listen", "127.0.0.1:0"]
        for other in nodes:
            command += ["--seed", other.address]
        with open(f"{WORK}/{name}.log", "w") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        for line in self.process.stdout:
            if line.startswith("listening on "):
                self.address = line.split()[2].rstrip(",")
                break
        else:
            sys.exit(open(f"{WORK}/{name}.log").read())
        nodes.append(self)

    def status(self):
        said = self.ask("status", "--json")
        return json.loads(said.stdout) if said.returncode == 0 else None

    def ask(self, *arguments):
        return subprocess.run(
            [BIN, *arguments, "--peer", self.address, "--bundle", f"{WORK}/operator/operator.bundle"],
            capture_output=True,
            text=True,
        )


def run(*arguments):
    subprocess.run([BIN, *arguments], check=True, stdout=subprocess.DEVNULL)


def until(what, holds):
    begun = time.monotonic()
    while time.monotonic() - begun < PATIENCE:
        if (value := holds()) is not None:
            return value
        time.sleep(0.1)
    sys.exit(f"not within {PATIENCE} s: {what}")


def settled(count, asked):
    """The status of these nodes when so many members are active and nothing moves any more."""
    all_of = [node.status() for node in asked]
    for status in all_of:
        if status is None or status["cluster"]["maps"] != 1:
            return None
        members = status["cluster"]["members"]
        owners = [row for row in members if row["state"] == "active" and row["in_sync"] and row["partitions"] > 0]
        if len(owners) != count or status["cluster"]["misplaced_partitions"] > 0:
            return None
        # Who has just been told to leave owns nothing any more, and has yet to begin.
        if any(row["state"] == "draining" for row in members):
            return None
    return all_of


def held(node):
    return node.status()["bytes"]


def moved():
    return sum(node.status()["cluster"]["moved_bytes"] for node in nodes)


class Beside(threading.Thread):
    """Does something again and again until it is told to stop."""

    def __init__(self, act):
        super().__init__(daemon=True)
        self.act, self.going, self.results = act, True, []
        self.start()

    def run(self):
        while self.going:
            self.results.append(self.act(len(self.results)))

    def stop(self):
        self.going = False
        self.join()
        return self.results


def import_rate(host, through):
    begun = time.monotonic()
    said = through.ask("import", mix, "--host", host)
    assert said.returncode == 0, said.stderr
    return packets / (time.monotonic() - begun)


def query(number):
    host = f"h{number * 7 % HOSTS}"
    said = nodes[number % 3].ask("query", "--host", host, "-T", "fields", "-e", "frame.number", "-Y", "frame.len >= 0")
    time.sleep(0.5)
    is_complete = said.returncode == 0 and said.stdout.count("\n") == packets
    if not is_complete:
        print(f"query of {host}: status {said.returncode}, {said.stdout.count(chr(10))} packets; {said.stderr.strip()}", flush=True)
    return is_complete


def step(name, act, count, least, importing=False):
    """Prints what a change of the members costs; returns the bytes a second that it moved."""
    before = moved()
    queries = Beside(query)
    imports = Beside(lambda number: import_rate(f"{name}-{number}".replace(" ", "-"), nodes[number % 3])) if importing else None
    begun = time.monotonic()
    asked = act()
    first = last = None
    seen = before
    while True:
        done = settled(count, asked)
        now = moved()
        if now != seen:
            first, last, seen = first or time.monotonic(), time.monotonic(), now
        if done:
            break
        if time.monotonic() - begun > PATIENCE:
            sys.exit(f"{name}: not settled within {PATIENCE} s")
        time.sleep(0.2)
    took = time.monotonic() - begun
    answers = queries.stop()
    rates = imports.stop() if imports else []
    bytes_moved, minimum = moved() - before, least()
    pace = bytes_moved / max((last or 1) - (first or 0), 0.2)
    line = f"{name}: settled after {took:.1f} s, moved {bytes_moved / 1e6:.0f} MB, least {minimum / 1e6:.0f} MB"
    line += f" ({bytes_moved / max(minimum, 1):.3f}), {pace / 1e6:.0f} MB/s, queries complete {sum(answers)} of {len(answers)}"
    if rates:
        rate = sum(rates) / len(rates)
        line += f", import {rate:.0f} packets/s = {rate / alone:.2f} of {alone:.0f} alone"
    print(line, flush=True)
    return pace


def tables(node):
    """Bytes of the files in which what moves lies in a node's store: they are on the disk when they are there."""
    size = 0
    with os.scandir(f"{WORK}/{node.name}/store") as files:
        for file in files:
            try:
                size += file.stat().st_size if file.name.endswith(".sst") else 0
            except FileNotFoundError:
                pass
    return size


def join_alone(name):
    """Bytes a second that a node takes which joins while nothing else goes on; it is watched from outside, fifty times a second."""
    joined = Node(name)
    started = time.monotonic()
    seen = [(started, tables(joined))]
    # Until nothing has come for a while.
    while len(seen) < 3 or time.monotonic() - seen[-1][0] < 3:
        time.sleep(0.02)
        now, size = time.monotonic(), tables(joined)
        if size > seen[-1][1] + (1 << 20):
            seen.append((now, size))
        elif len(seen) == 1:
            seen[0] = (now, size)
        if now - started > PATIENCE:
            sys.exit(f"{name}: nothing comes within {PATIENCE} s")
    until("the joined one is settled", lambda: settled(4, nodes))
    (begun, before), (ended, after) = seen[0], seen[-1]
    pace = (after - before) / (ended - begun)
    print(f"a join while nothing else goes on: {(after - before) / 1e6:.0f} MB in {ended - begun:.2f} s, {pace / 1e6:.0f} MB/s")
    return pace


def tls_copy(size):
    """Bytes a second of a TLS copy between two processes into memory, and onto the disk with a sync at its end."""
    key, certificate = f"{WORK}/key.pem", f"{WORK}/cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=copy"]
        + ["-keyout", key, "-out", certificate],
        check=True,
        capture_output=True,
    )
    paces = []
    for target in ["/dev/null", f"{WORK}/target"]:
        listener = socket.create_server(("127.0.0.1", 0))
        receiver = os.fork()
        if receiver == 0:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
            connection = context.wrap_socket(listener.accept()[0], server_side=True)
            buffer = bytearray(1 << 18)
            with open(target, "wb") as out:
                while count := connection.recv_into(buffer):
                    out.write(memoryview(buffer)[:count])
                if target != "/dev/null":
                    out.flush()
                    os.fsync(out.fileno())
            connection.unwrap()
            os._exit(0)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(certificate)
        context.check_hostname = False
        block = os.urandom(1 << 18)
        with context.wrap_socket(socket.create_connection(listener.getsockname())) as connection:
            begun = time.monotonic()
            for _ in range(size // len(block)):
                connection.sendall(block)
            connection.unwrap()
        os.waitpid(receiver, 0)
        paces.append(size / (time.monotonic() - begun))
    return paces


try:
    run("cluster", "init", "--data", f"{WORK}/operator")
    packets = PACKETS // HOSTS
    mix = f"{WORK}/mix.pcap"
    subprocess.run([SIMNET, "traffic", "--mix", str(packets), "-o", mix], check=True, stdout=subprocess.DEVNULL)
    packets = subprocess.run([BIN, "read", "-r", mix, "-T", "fields", "-e", "frame.number"], capture_output=True, text=True)
    packets = packets.stdout.count("\n")
    for number in range(3):
        Node(f"n{number + 1}")
    until("three nodes", lambda: settled(3, nodes))
    begun = time.monotonic()
    for number in range(HOSTS):
        import_rate(f"h{number}", nodes[number % 3])
    took = time.monotonic() - begun
    print(f"imported {packets * HOSTS} packets in {took:.1f} s, {packets * HOSTS / took:.0f} packets/s", flush=True)
    until("all copies", lambda: settled(3, nodes) if len({held(node) for node in nodes}) == 1 else None)
    # The same queries go on beside it as will during the moves.
    queries = Beside(query)
    alone = sorted(import_rate(f"alone-{number}", nodes[number % 3]) for number in range(9))[4]
    queries.stop()

    def join(name):
        def act():
            Node(name)
            return nodes

        return act

    def lacked(rest):
        """What those that stay had not yet."""
        before = {node: held(node) for node in rest}
        return lambda: sum(max(held(node) - before[node], 0) for node in rest)

    def drain(node, rest):
        def act():
            said = nodes[0].ask("cluster", "drain", node.name)
            assert said.returncode == 0, said.stderr
            return rest

        return act

    step("3 to 4", join("n4"), 4, lambda: held(nodes[3]))
    step("4 to 5 under import", join("n5"), 5, lambda: held(nodes[4]), importing=True)
    step("5 to 4", drain(nodes[4], nodes[:4]), 4, lacked(nodes[:4]))
    step("4 to 3", drain(nodes[3], nodes[:3]), 3, lacked(nodes[:3]))
    # Who leaves has left when the others know it: killed before that it would be waited for.
    rows = lambda: [row for row in nodes[0].status()["cluster"]["members"] if row["name"] in ("n4", "n5")]
    gone = lambda: all(row["state"] == "removed" for row in rows()) or None
    until("the two have left", gone)
    for node in nodes[3:]:
        node.process.kill()
        node.process.wait()
    del nodes[3:]
    pace = join_alone("n6")
    memory, disk = tls_copy(400 << 20)
    print(f"plain TLS copy: {memory / 1e6:.0f} MB/s, onto the disk {disk / 1e6:.0f} MB/s;", end=" ")
    print(f"that join: {pace / memory:.2f} and {pace / disk:.2f} of these")
finally:
    for node in nodes:
        node.process.kill()
        node.process.wait()
    shutil.rmtree(WORK, ignore_errors=True)
