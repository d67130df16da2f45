#!/usr/bin/env python3
"""Prints what event streams cost: memory with all of them idle, and when one event reaches each. Usage: streams.py BINARY [COUNT]

It starts a simulator and a daemon in a folder of its own, on loopback, and ends them."""

import resource
import selectors
import socket
import sys
import time

from lab import Lab, resident

COUNT = int(sys.argv[2]) if len(sys.argv) > 2 else 1000


def run(lab):
    host, port = lab.watch()
    time.sleep(2)  # until the first reconciliation is over
    before = resident(lab.daemon.pid)
    selector = selectors.DefaultSelector()
    began = time.monotonic()
    for number in range(COUNT):
        stream = socket.create_connection((host, port))
        stream.sendall(b"GET /api/events/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
        selector.register(stream, selectors.EVENT_READ, number)
    greeted = set()
    while len(greeted) < COUNT:
        for key, _ in selector.select(10):
            if b"retry: 2000" in key.fileobj.recv(65536):
                greeted.add(key.data)
    opened = time.monotonic() - began
    time.sleep(2)  # until all of them wait for the next event
    idle = resident(lab.daemon.pid)
    lab.run("token", "create", "probe")
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


resource.setrlimit(resource.RLIMIT_NOFILE, (8192, max(8192, resource.getrlimit(resource.RLIMIT_NOFILE)[1])))
with Lab(sys.argv[1], api="{ rate_limit: 0, connections_per_address: 0 }") as running:
    run(running)
