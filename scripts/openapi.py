#!/usr/bin/env python3
"""Asks a running daemon all that its OpenAPI document describes, right and wrong, with schemathesis: no answer may be a 500
or other than described. Usage: openapi.py BINARY SCHEMATHESIS [EXAMPLES]"""
import json
import os
import subprocess
import sys

from lab import Lab

DESIRED = """
access_lists:
  office: { clients: [ { address: 10.0.0.0/8, directive: allow } ] }
proxy_hosts:
  app: { domain_names: [app.example.com], forward: "http://127.0.0.1:9", validate: "off", access_list: office }
  wiki: { domain_names: [wiki.example.com, w.example.com], forward: "http://127.0.0.1:10", validate: "off" }
redirection_hosts:
  old: { domain_names: [old.example.com], forward_domain_name: new.example.com }
dead_hosts:
  gone: { domain_names: [gone.example.com] }
streams:
  ssh: { incoming_port: 2222, forwarding_host: 127.0.0.1, forwarding_port: 22, tcp_forwarding: true }
"""


def run(lab, program, examples):
    host, port = lab.watch()
    url = f"http://{host}:{port}"
    lab.wait_until_ready(url)
    token = json.loads(lab.run("token", "create", "openapi", "--role", "admin", "-o", "json"))["token"]
    # Streams do not end, and are tried by resume.py. A GET with a body is refused before it is looked at.
    answer = subprocess.run(
        [os.path.abspath(program), "--config-file", os.path.join(os.path.dirname(os.path.abspath(__file__)), "openapi.toml"), "run", f"{url}/api/openapi.json", "-H", f"Authorization: Bearer {token}",
         "--exclude-path", "/api/events/stream", "--phases", "examples,coverage,fuzzing", "--seed", "1",
         "--max-examples", examples, "--generation-database", "none", "--no-color",
         "--exclude-checks", "unsupported_method"],
        cwd=lab.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if answer.returncode != 0:
        print(answer.stdout)
        sys.exit(1)
    if lab.daemon.poll() is not None:
        sys.exit("the daemon has ended")
    counts = [line.strip() for line in answer.stdout.splitlines() if "generated," in line or "Selected" in line]
    print("openapi: " + ", ".join(counts))


with Lab(sys.argv[1], DESIRED, "{ require_token: true, rate_limit: 0, connections_per_address: 0 }") as running:
    run(running, sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else "20")
