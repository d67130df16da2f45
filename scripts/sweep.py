#!/usr/bin/env python3
"""Prints what one look at 10,000 destinations costs, beside prometheus-blackbox-exporter. Usage: sweep.py BINARY

Both ask the same 10,000 loopback addresses, each with a connection of its own, 64 at once, in the same run. Memory and
open files are the highest seen in /proc every hundredth of a second. The exporter is asked by `curl --parallel`, whose
own cost is not counted; it checks one address a call, as Prometheus would ask it to.
"""
import os, shutil, subprocess, sys, tempfile, threading, time

from lab import simulator

BINARY = os.path.abspath(sys.argv[1])
DESTINATIONS, AT_ONCE = 10_000, 64
TOOLS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".build", "test-tools", "usr", "bin")
EXPORTER = "prometheus-blackbox-exporter"


class Watcher(threading.Thread):
    """The peak of a process until a stop is requested."""

    def __init__(self, pid):
        super().__init__()
        self.pid, self.memory, self.files, self.done = pid, 0, 0, False
        self.begun = self.ticks()
        self.spent = 0
        self.start()

    def ticks(self):
        return sum(int(part) for part in open(f"/proc/{self.pid}/stat").read().rsplit(")", 1)[1].split()[11:13])

    def run(self):
        while not self.done:
            try:
                lines = open(f"/proc/{self.pid}/status").read().splitlines()
                self.memory = max([self.memory] + [int(line.split()[1]) for line in lines if line.startswith("VmRSS")])
                self.files = max(self.files, len(os.listdir(f"/proc/{self.pid}/fd")))
                self.spent = self.ticks() - self.begun
            except (FileNotFoundError, ProcessLookupError, IndexError):
                return
            time.sleep(0.01)

    def row(self, name, seconds):
        self.done = True
        self.join()
        cpu = self.spent / os.sysconf("SC_CLK_TCK")
        print(f"{name:<34} {seconds:>7.2f} s   {cpu:>6.2f} s cpu   {self.memory / 1024:>6.1f} MiB   {self.files:>5} files", flush=True)


def exporter():
    found = shutil.which(EXPORTER) or os.path.join(TOOLS, EXPORTER)
    if not os.path.exists(found):
        sys.exit(f"there is no {EXPORTER}: install it, or unpack its Debian package into .build/test-tools")
    return found


def main():
    work = tempfile.mkdtemp()
    started = []
    try:
        backend, port = simulator(BINARY, "0.0.0.0")
        started.append(backend)
        addresses = [f"127.{2 + index // 62500}.{index // 250 % 250}.{index % 250 + 1}:{port}" for index in range(DESTINATIONS)]
        os.makedirs(f"{work}/desired")
        for number in range(100):
            with open(f"{work}/desired/f{number:03}.yaml", "w") as file:
                file.write("proxy_hosts:\n")
                for index in range(number * 100, number * 100 + 100):
                    file.write(f"  h{index}: {{ domain_names: [h{index}.test], forward: 'http://{addresses[index]}', health: {{ path: /api/ }} }}\n")
        begun = time.perf_counter()
        ours = subprocess.Popen([BINARY, "validate", "--probe", "-q", "--out", "/dev/null"], cwd=work)
        watcher = Watcher(ours.pid)
        if ours.wait() != 0:
            sys.exit("not every destination answered")
        watcher.row("reconciler, files read included", time.perf_counter() - begun)

        with open(f"{work}/blackbox.yml", "w") as file:
            file.write("modules: { http: { prober: http, timeout: 10s, http: { preferred_ip_protocol: ip4 } } }\n")
        log = open(f"{work}/log", "w+")
        other = subprocess.Popen(
            [exporter(), f"--config.file={work}/blackbox.yml", "--web.listen-address=127.0.0.1:0", "--history.limit=1"], stderr=log)
        started.append(other)
        while "Listening on" not in open(f"{work}/log").read():
            time.sleep(0.01)  # it reports to no one else
        text = open(f"{work}/log").read()
        place = text.split('"Listening on" address=')[1].split()[0]
        with open(f"{work}/urls", "w") as file:
            for address in addresses:
                file.write(f'url = "http://{place}/probe?module=http&target=http://{address}/api/"\noutput = /dev/null\n')
        begun = time.perf_counter()
        watcher = Watcher(other.pid)
        subprocess.run(["curl", "-s", "--no-progress-meter", "--parallel", "--parallel-max", str(AT_ONCE), "-K", f"{work}/urls"], check=True)
        watcher.row(EXPORTER, time.perf_counter() - begun)
    finally:
        for process in started:
            process.terminate()
            process.wait()
        shutil.rmtree(work)


main()
