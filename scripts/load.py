#!/usr/bin/env python3
"""Prints what /health and /metrics take under wrk, beside nginx with static files of the same sizes in the same run, and how long
reconciliations take while a paced client asks 500 times a second. Usage: load.py BINARY [HOSTS] [SECONDS]

It needs wrk and nginx. It starts a simulator, a daemon and an nginx in folders of its own, on loopback, and ends them."""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

from lab import Lab, backend, hosts, wait_until_checked

HOSTS = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
SECONDS = int(sys.argv[3]) if len(sys.argv) > 3 else 10
PATHS = ["/health", "/metrics"]


def wrk(url, seconds=SECONDS, pace=None):
    """Requests a second, and the time below which 99 of 100 answers came, in milliseconds."""
    script = []
    if pace:
        connections = 50
        name = os.path.join(tempfile.gettempdir(), f"pace-{os.getpid()}.lua")
        with open(name, "w") as file:
            file.write(f"function delay() return {1000 * connections // pace} end\n")
        script = ["-s", name]
    answer = subprocess.run(
        ["wrk", "-t1", "-c50", f"-d{seconds}s", "--latency", *script, url], text=True, check=True,
        stdout=subprocess.PIPE).stdout
    if re.search(r"Non-2xx|Socket errors", answer):
        print(answer)
    rate = float(re.search(r"Requests/sec:\s+([0-9.]+)", answer).group(1))
    number, unit = re.search(r"99%\s+([0-9.]+)(us|ms|s)", answer).groups()
    return rate, float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


class Nginx:
    """An nginx that serves these files."""

    def __init__(self, files):
        self.folder = tempfile.mkdtemp()
        os.makedirs(f"{self.folder}/www")
        for path, body in files.items():
            with open(f"{self.folder}/www{path}", "wb") as file:
                file.write(body)

    def __enter__(self):
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        self.port = 20000 + os.getpid() % 20000
        with open(f"{self.folder}/nginx.conf", "w") as file:
            file.write(
                f"daemon off; {'user root; ' if os.getuid() == 0 else ''}worker_processes 1; pid {self.folder}/pid; error_log {self.folder}/error.log;\n"
                f"events {{ worker_connections 1024; }}\n"
                f"http {{ access_log off; server {{ listen 127.0.0.1:{self.port}; root {self.folder}/www; }} }}\n")
        self.process = subprocess.Popen([program, "-c", f"{self.folder}/nginx.conf"], stderr=subprocess.DEVNULL)
        time.sleep(1)  # until it listens
        return f"http://127.0.0.1:{self.port}"

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)
        shutil.rmtree(self.folder)


def reconciliations(url):
    """How many there were, and the seconds that they took together."""
    text = urllib.request.urlopen(f"{url}/metrics").read().decode()
    def number(name):
        found = re.search(rf'^reconciler_reconciliation_seconds_{name}{{outcome="applied"}} ([0-9.e-]+)$', text, re.M)
        return float(found.group(1))
    return number("count"), number("sum")


def mean(url, seconds, load):
    """Milliseconds of a reconciliation, while something goes on."""
    time.sleep(2)  # the text of the metrics is a second old at most
    count, total = reconciliations(url)
    load(seconds)
    time.sleep(2)
    later, more = reconciliations(url)
    return 1000 * (more - total) / max(1, later - count), int(later - count)


def run(lab):
    lab.run("apply", "--yes")
    host, port = lab.watch()
    url = f"http://{host}:{port}"
    lab.wait_until_ready(url)
    wait_until_checked(url, HOSTS)
    files = {path: urllib.request.urlopen(url + path).read() for path in PATHS}
    with Nginx(files) as peer:
        for path in PATHS:
            mine, late = wrk(url + path)
            theirs, peers = wrk(peer + path)
            print(
                f"{path} ({len(files[path])} bytes): {mine:.0f}/s, p99 {late:.1f} ms; "
                f"nginx {theirs:.0f}/s, p99 {peers:.1f} ms; ratio {mine / theirs:.3f}")
    idle, passes = mean(url, 2 * SECONDS, time.sleep)
    print(f"reconciliation, idle: {idle:.1f} ms ({passes} of them)")
    rates = []
    for path in PATHS:
        busy, passes = mean(url, 2 * SECONDS, lambda seconds: rates.append(wrk(url + path, seconds, 500)))
        print(
            f"reconciliation, {rates[-1][0]:.0f} requests a second of {path}: {busy:.1f} ms ({passes} of them), "
            f"ratio {busy / idle:.2f}; p99 {rates[-1][1]:.1f} ms")


with Lab(sys.argv[1], hosts(HOSTS, backend()), "{ rate_limit: 0, connections_per_address: 0 }", interval="1s") as running:
    run(running)
