#!/usr/bin/env python3
"""Prints how long the things take that people wait for. Usage: bench.py BINARY

Everything runs on loopback against the embedded simulator and ends with the program. Times are medians of several
runs on this machine, in seconds; compare ratios, not absolutes.
"""
import json, os, resource, shutil, statistics, subprocess, sys, tempfile, time, urllib.request

from lab import simulator

BINARY = os.path.abspath(sys.argv[1])
ENVIRONMENT = {"PATH": os.environ["PATH"], "NPM_IDENTITY": "admin@example.com", "NPM_SECRET": "changeme"}


def timed(command, directory, runs=5, want=0):
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        code = subprocess.run(command, cwd=directory, env=ENVIRONMENT, stdout=subprocess.DEVNULL).returncode
        times.append(time.perf_counter() - start)
        if code != want:
            sys.exit(f"{' '.join(command[1:])} ended with {code}")
    return statistics.median(times)


def write_tree(directory, hosts, files, destination):
    shutil.rmtree(directory, ignore_errors=True)
    os.makedirs(directory)
    for number in range(files):
        with open(f"{directory}/f{number:05}.yaml", "w") as file:
            file.write("proxy_hosts:\n")
            for index in range(number * hosts // files, (number + 1) * hosts // files):
                file.write(
                    f"  host-{index:05}:\n    description: Service {index}\n    labels: {{ team: t{index % 7} }}\n"
                    f"    domain_names: [h{index}.example.com, www.h{index}.example.com]\n"
                    f"    forward: {destination(index)}\n    allow_websocket_upgrade: true\n    block_exploits: true\n"
                )


def lists_by_curl(url, directory):
    routes = ["proxy-hosts", "redirection-hosts", "dead-hosts", "certificates", "access-lists"]
    command = ["curl", "-s", "-H", f"Authorization: Bearer {token(url)}", f"{url}/api/"]
    command += [f"{url}/api/nginx/{route}" for route in routes]
    return timed(command, directory)


def token(url):
    body = json.dumps({"identity": "admin@example.com", "secret": "changeme"}).encode()
    request = urllib.request.Request(f"{url}/api/tokens", body, {"Content-Type": "application/json"})
    return json.load(urllib.request.urlopen(request))["token"]


def watching(work, started):
    """From the save of a file until NPM has it, and what the daemon costs while nothing happens."""
    process, port = simulator(BINARY)
    started.append(process)
    url = f"http://127.0.0.1:{port}"
    place = f"{work}/watch"
    os.makedirs(f"{place}/desired")
    hosts = urllib.request.Request(f"{url}/api/nginx/proxy-hosts", headers={"Authorization": f"Bearer {token(url)}"})

    def save(number):
        with open(f"{place}/desired/new", "w") as file:
            file.write("proxy_hosts:\n  a: { domain_names: [a.test], forward: 'http://10.0.0.1:%d', validate: off }\n" % number)
        os.rename(f"{place}/desired/new", f"{place}/desired/a.yaml")

    def until(number):
        while [host["forward_port"] for host in json.load(urllib.request.urlopen(hosts))] != [number]:
            time.sleep(0.001)  # so that the server has time for others

    save(1)
    with open(f"{place}/log", "w") as log:
        daemon = subprocess.Popen([BINARY, "watch"], cwd=place, env=dict(ENVIRONMENT, NPM_URL=url), stderr=log)
    started.append(daemon)
    until(1)
    times = []
    for number in range(2, 52):
        start = time.perf_counter()
        save(number)
        until(number)
        times.append(time.perf_counter() - start)
    row("saving a file until NPM has it (watch, median of 50)", statistics.median(times), f"slowest {max(times) * 1000:.0f} ms")


def idle(directory, url, started):
    """CPU and memory of a daemon in sync with a pass each ten seconds, by /proc, over half a minute."""
    with open(f"{directory}/reconciler.yaml", "w") as file:
        file.write("watch: { interval: 10s }\n")
    with open(f"{directory}/log", "w") as log:
        daemon = subprocess.Popen(
            [BINARY, "watch"], cwd=directory, env=dict(ENVIRONMENT, NPM_URL=url), stderr=log)
    started.append(daemon)
    time.sleep(5)  # the first pass is not what is measured
    spent = lambda: sum(int(part) for part in open(f"/proc/{daemon.pid}/stat").read().rsplit(")", 1)[1].split()[11:13])
    before = spent()
    time.sleep(30)  # half a minute of nothing
    ticks = spent() - before
    memory = [line.split()[1] for line in open(f"/proc/{daemon.pid}/status") if line.startswith("VmRSS")][0]
    print(f"watch of 1000 hosts in sync, a pass each 10 s: {ticks / os.sysconf('SC_CLK_TCK') / 30 * 100:.2f} % of a core, {int(memory) / 1024:.0f} MiB", flush=True)


def row(name, seconds, note=""):
    print(f"{name:<58} {seconds * 1000:>9.1f} ms   {note}", flush=True)


def main():
    work = tempfile.mkdtemp()
    started = []
    try:
        row("start of 'version'", timed([BINARY, "version"], work, 31), f"/bin/true {timed(['/bin/true'], work, 31) * 1000:.1f} ms")
        for hosts in (1000, 4000, 10000):
            process, port = simulator(BINARY)
            started.append(process)
            url = ENVIRONMENT["NPM_URL"] = f"http://127.0.0.1:{port}"
            place = f"{work}/{hosts}"
            write_tree(f"{place}/desired", hosts, max(1, hosts // 10), lambda index: f"http://10.0.{index % 250}.1:8080")
            row(f"diff of {hosts} new hosts", timed([BINARY, "diff", "--no-probe"], place, 3))
            start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([BINARY, "apply", "--yes", "--no-probe", "-q", "--out", "/dev/null"], cwd=place, env=ENVIRONMENT, check=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            row(f"apply of {hosts} new hosts, each read back", time.perf_counter() - start, f"{cpu * 1000:.0f} ms of our own CPU")
            curl = lists_by_curl(url, place) if shutil.which("curl") else None
            diff = timed([BINARY, "diff", "--exit-code"], place)
            if hosts == 1000:
                idle(place, url, started)
            row(f"no-op diff of {hosts} hosts", diff, f"the same lists by curl {curl * 1000:.1f} ms" if curl else "")
        watching(work, started)
        row("loading 10000 hosts from 1000 files (validate)", timed([BINARY, "validate"], f"{work}/10000"))
        process, port = simulator(BINARY, "0.0.0.0")
        started.append(process)
        write_tree(f"{work}/probe/desired", 2000, 20, lambda index: f"http://127.1.{index // 250}.{index % 250 + 1}:{port}")
        row("probing 2000 loopback destinations (validate --probe)", timed([BINARY, "validate", "--probe", "-q"], f"{work}/probe", 3))
    finally:
        for process in started:
            process.terminate()
            process.wait()
        shutil.rmtree(work)


main()
