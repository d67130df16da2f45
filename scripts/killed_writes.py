#!/usr/bin/env python3
"""Kills the daemon again and again while clients write through its API: afterwards the files, the store and NPM say the same, no file
is half written, and what was answered for is there. Usage: killed_writes.py BINARY [WRITES] [SEED]

It starts a simulator and daemons in a folder of its own, on loopback, and ends them."""
import http.client
import json
import os
import random
import subprocess
import sys
import threading
import time

from lab import Lab

WRITES = int(sys.argv[2]) if len(sys.argv) > 2 else 200
SEED = int(sys.argv[3]) if len(sys.argv) > 3 else 1
CLIENTS = 4
DESIRED = """# Kept by hand.
proxy_hosts:
  # The first.
  a: { domain_names: [a.example.com], forward: "http://127.0.0.1:80", validate: "off" }
"""


class Work:
    """What clients have still to write, and what they were answered."""

    def __init__(self, token):
        self.token = token
        self.place = None
        self.left = WRITES
        self.lock = threading.Lock()
        # The port that the last write of a host asked for; None: it was removed. Names of one client only.
        self.answered = {}
        self.unclear = set()
        self.statuses = {}

    def take(self):
        with self.lock:
            self.left -= 1
            return self.left >= 0

    def ask(self, method, path, body=None):
        """The status; None: it was not answered."""
        host, port = self.place
        connection = http.client.HTTPConnection(host, port, timeout=60)
        try:
            connection.request(
                method, path, json.dumps(body) if body is not None else None,
                {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            return answer.status
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def client(self, number):
        chance = random.Random(SEED * 1000 + number)
        mine = {}
        while self.take():
            name = f"c{number}-{chance.randrange(6)}"
            port = chance.randrange(1000, 60000)
            body = {"domain_names": [f"{name}.example.com"], "forward": f"http://10.0.0.1:{port}"}
            there = mine.get(name)
            if there and chance.random() < 0.3:
                method, path, value, body = "DELETE", f"/api/proxies/{name}", None, None
            elif there:
                method, path, value = "PUT", f"/api/proxies/{name}", port
            else:
                method, path, value, body = "POST", "/api/proxies", port, {"name": name, **body}
            status = self.ask(method, path, body)
            with self.lock:
                self.statuses[status] = self.statuses.get(status, 0) + 1
                if status in (200, 201):
                    self.answered[name] = value
                    self.unclear.discard(name)
                    mine[name] = value is not None
                elif status is None or status >= 500:
                    # It may have been written, or not.
                    self.unclear.add(name)
                    time.sleep(0.05)
            if name in self.unclear:
                # Whoever has no answer looks before it goes on.
                while True:
                    looked = self.ask("GET", f"/api/proxies/{name}")
                    if looked in (200, 404):
                        mine[name] = looked == 200
                        break
                    time.sleep(0.05)


def check(lab, work):
    subprocess.run([lab.binary, "validate"], cwd=lab.folder, env=lab.environment, check=True, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while True:
        diff = subprocess.run(
            [lab.binary, "diff", "--exit-code", "--no-probe", "-o", "json"], cwd=lab.folder, env=lab.environment,
            stdout=subprocess.PIPE, text=True)
        if diff.returncode == 0:
            break
        if time.monotonic() > deadline:
            sys.exit(f"the files and NPM do not agree: {diff.stdout}")
        time.sleep(0.2)
    listed = json.loads(lab.run("list", "-o", "json"))["objects"]
    hosts = {host["name"]: host for host in listed if host["kind"] == "proxy_host"}
    if any(host["managed"] != "ours" for host in hosts.values()):
        sys.exit(f"a host is not ours: {hosts}")
    domains = [name for host in hosts.values() for name in host["domain_names"]]
    if len(domains) != len(set(domains)):
        sys.exit("a domain is served twice")
    for name, port in work.answered.items():
        if name in work.unclear:
            continue
        found = hosts.get(name)
        if (found["destination"] if found else None) != (f"http://10.0.0.1:{port}" if port else None):
            sys.exit(f"what was answered for is not there: {name}, {port}, {found}")
    with open(f"{lab.folder}/desired/all.yaml") as file:
        if file.read() != DESIRED:
            sys.exit("a file that no write was about has changed")
    for folder, _, files in os.walk(f"{lab.folder}/desired"):
        for name in files:
            if name.endswith(".yaml") and not open(f"{folder}/{name}").read().endswith("\n"):
                sys.exit(f"{name} is half written")
    return len(hosts)


def run(lab):
    with open(f"{lab.folder}/desired/_defaults.yaml", "w") as file:
        file.write('defaults: { proxy_hosts: { validate: "off" } }\n')
    work = Work(json.loads(lab.run("token", "create", "writer", "--role", "write", "-o", "json"))["token"])
    work.place = lab.watch()
    lab.wait_until_ready(f"http://{work.place[0]}:{work.place[1]}")
    clients = [threading.Thread(target=work.client, args=(number,)) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    chance, kills = random.Random(SEED), 0
    while any(client.is_alive() for client in clients):
        time.sleep(chance.uniform(0.05, 0.8))  # the moment of the kill is what is tried
        lab.kill()
        kills += 1
        work.place = lab.watch()
    lab.wait_until_ready(f"http://{work.place[0]}:{work.place[1]}")
    count = check(lab, work)
    answers = ", ".join(f"{number} x {status}" for status, number in sorted(work.statuses.items(), key=str))
    print(f"killed writes: {WRITES} writes, {kills} kills (seed {SEED}): {count} hosts agree; answers: {answers}")


with Lab(sys.argv[1], DESIRED, "{ rate_limit: 0 }") as running:
    run(running)
