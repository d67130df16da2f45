#!/usr/bin/env python3
"""Prints what event streams cost: memory with all of them idle, and when one event reaches each. Usage: streams.py BINARY [COUNT]

It starts a simulator and a daemon in a folder of its own, on loopback, and ends them."""

import os
import resource
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time

BINARY = os.path.abspath(sys.argv[1])
COUNT = int(sys.argv[2]) if len(sys.argv) > 2 else 1000


def start(arguments, folder, mark, **variables):
    """Starts the program; returns it and the word after the mark in its output."""
    program = subprocess.Popen(
        [BINARY, *arguments], cwd=folder, env={**os.environ, **variables}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    for line in program.stdout:
        if mark in line:
            return program, line.split(mark, 1)[1].split()[0]
    sys.exit(f"{arguments[0]} ended before it listened")


def resident(process):
    with open(f"/proc/{process}/statm") as pages:
        return int(pages.read().split()[1]) * resource.getpagesize() / 2**20


def run(folder):
    os.makedirs(f"{folder}/desired")
    with open(f"{folder}/desired/a.yaml", "w") as file:
        file.write("proxy_hosts: {}\n")
    with open(f"{folder}/reconciler.yaml", "w") as file:
        file.write("api: { rate_limit: 0, connections_per_address: 0 }\nwatch: { interval: 1h }\n")
    simulator, address = start(["simulator", "--listen", "127.0.0.1:0"], folder, "http://")
    login = {
        "NPM_URL": f"http://{address}", "NPM_IDENTITY": "admin@example.com", "NPM_SECRET": "changeme"}
    daemon, place = start(["watch", "--listen", "127.0.0.1:0"], folder, "API listens on ", **login)
    try:
        host, port = place.rsplit(":", 1)
        time.sleep(2)  # until the first reconciliation is over
        before = resident(daemon.pid)
        selector = selectors.DefaultSelector()
        began = time.monotonic()
        for number in range(COUNT):
            stream = socket.create_connection((host, int(port)))
            stream.sendall(b"GET /api/events/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
            selector.register(stream, selectors.EVENT_READ, number)
        greeted = set()
        while len(greeted) < COUNT:
            for key, _ in selector.select(10):
                if b"retry: 2000" in key.fileobj.recv(65536):
                    greeted.add(key.data)
        opened = time.monotonic() - began
        time.sleep(2)  # until all of them wait for the next event
        idle = resident(daemon.pid)
        subprocess.run(
            [BINARY, "token", "create", "probe"], cwd=folder, env={**os.environ, **login},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        times = {}
        while len(times) < COUNT:
            ready = selector.select(10)
            now = time.monotonic()
            if not ready:
                sys.exit(f"only {len(times)} of {COUNT} streams got the event")
            for key, _ in ready:
                if b"TokenCreated" in key.fileobj.recv(65536):
                    times.setdefault(key.data, now)
        spread = sorted(moment - min(times.values()) for moment in times.values())
        print(f"{COUNT} streams open in {opened:.2f} s")
        print(f"memory: {before:.1f} MiB before, {idle:.1f} MiB with all of them idle")
        shares = [(50, len(spread) // 2), (95, len(spread) * 95 // 100), (99, len(spread) * 99 // 100), (100, -1)]
        print("one event, after the first stream got it: " + ", ".join(
            f"{share} % within {spread[index] * 1000:.1f} ms" for share, index in shares))
    finally:
        for program in (daemon, simulator):
            program.send_signal(signal.SIGTERM)
            program.wait(20)


resource.setrlimit(resource.RLIMIT_NOFILE, (8192, max(8192, resource.getrlimit(resource.RLIMIT_NOFILE)[1])))
with tempfile.TemporaryDirectory() as directory:
    run(directory)
