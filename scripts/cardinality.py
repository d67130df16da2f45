#!/usr/bin/env python3
"""Counts the series of /metrics with so many proxy hosts, and times it. Usage: cardinality.py BINARY [HOSTS]"""
import collections
import re
import sys
import time
import urllib.request

from lab import Lab, backend, hosts, wait_until_checked

HOSTS = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000


def run(lab):
    lab.run("apply", "--yes")
    place, port = lab.watch()
    url = f"http://{place}:{port}"
    lab.wait_until_ready(url)
    wait_until_checked(url, HOSTS)
    time.sleep(2)  # the text is made once a second
    began = time.monotonic()
    with urllib.request.urlopen(f"{url}/metrics") as answer:
        text = answer.read().decode()
    seconds = time.monotonic() - began
    series = [line for line in text.splitlines() if line and not line.startswith("#")]
    names = collections.Counter(re.match(r"[a-zA-Z0-9_:]+", line)[0] for line in series)
    print(f"{HOSTS} hosts: {len(series)} series, {len(text) / 2**20:.1f} MiB, answered in {seconds * 1000:.0f} ms")
    for name, count in names.most_common(12):
        print(f"{count:8} {name}")


with Lab(sys.argv[1], hosts(HOSTS, backend())) as running:
    run(running)
