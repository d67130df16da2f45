#!/usr/bin/env python3
"""Counts the series of /metrics with so many proxy hosts, and times it. Usage: cardinality.py BINARY [HOSTS]"""
import collections
import http.server
import re
import sys
import threading
import time
import urllib.request

from lab import Lab

HOSTS = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000


class Backend(http.server.BaseHTTPRequestHandler):
    """Answers every check."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_HEAD = do_GET

    def log_message(self, *_):
        pass


def host(number, port):
    return f'  h{number}: {{ domain_names: [h{number}.example.com], forward: "http://127.0.0.1:{port}" }}'


def run(lab):
    lab.run("apply", "--yes")
    place, port = lab.watch()
    url = f"http://{place}:{port}"
    lab.wait_until_ready(url)
    deadline = time.monotonic() + 300
    while True:
        began = time.monotonic()
        with urllib.request.urlopen(f"{url}/metrics") as answer:
            text = answer.read().decode()
        seconds = time.monotonic() - began
        # Each host has been checked.
        if text.count("\nreconciler_proxy_healthy{") >= HOSTS:
            break
        if time.monotonic() > deadline:
            sys.exit("the hosts are not all checked")
        time.sleep(1)
    series = [line for line in text.splitlines() if line and not line.startswith("#")]
    names = collections.Counter(re.match(r"[a-zA-Z0-9_:]+", line)[0] for line in series)
    print(f"{HOSTS} hosts: {len(series)} series, {len(text) / 2**20:.1f} MiB, answered in {seconds * 1000:.0f} ms")
    for name, count in names.most_common(12):
        print(f"{count:8} {name}")


http.server.ThreadingHTTPServer.request_queue_size = 1024
backend = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Backend)
threading.Thread(target=backend.serve_forever, daemon=True).start()
tree = "".join(host(number, backend.server_port) + "\n" for number in range(HOSTS))
with Lab(sys.argv[1], "proxy_hosts:\n" + tree) as running:
    run(running)
