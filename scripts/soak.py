#!/usr/bin/env python3
"""Prints what a daemon costs that has nothing to do. Usage: soak.py BINARY MINUTES [SPEED]

1000 hosts in sync on an embedded simulator, each with a destination of its own on loopback that answers, health every
five minutes and a pass each minute; SPEED divides both. Every minute: CPU in percent of a core since the line before,
resident memory, open files, size of the store. The first minute, with the first look at everything, has its own line.
"""
import os, shutil, subprocess, sys, tempfile, time

from lab import resident, simulator

BINARY, MINUTES = os.path.abspath(sys.argv[1]), int(sys.argv[2])
SPEED = int(sys.argv[3]) if len(sys.argv) > 3 else 1
HOSTS = 1000


def ticks(pid):
    return sum(int(part) for part in open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[11:13])


def main():
    work = tempfile.mkdtemp()
    started = []
    try:
        npm, port = simulator(BINARY, "127.0.0.1")
        backend, target = simulator(BINARY, "0.0.0.0")
        started += [npm, backend]
        os.makedirs(f"{work}/desired")
        for number in range(100):
            with open(f"{work}/desired/f{number:03}.yaml", "w") as file:
                file.write("proxy_hosts:\n")
                for index in range(number * HOSTS // 100, (number + 1) * HOSTS // 100):
                    file.write(
                        f"  host-{index:04}:\n    domain_names: [h{index}.example.com]\n"
                        f"    forward: http://127.1.{index // 250}.{index % 250 + 1}:{target}\n    health: {{ path: /api/ }}\n")
        with open(f"{work}/reconciler.yaml", "w") as file:
            file.write(f"watch: {{ interval: {60 // SPEED}s }}\nhealth: {{ interval: {300 // SPEED}s }}\n")
        environment = {"PATH": os.environ["PATH"], "NPM_URL": f"http://127.0.0.1:{port}",
                       "NPM_IDENTITY": "admin@example.com", "NPM_SECRET": "changeme"}
        subprocess.run([BINARY, "apply", "--yes", "--no-probe", "-q"], cwd=work, env=environment, check=True,
                       stdout=subprocess.DEVNULL)
        daemon = subprocess.Popen([BINARY, "watch", "-q"], cwd=work, env=environment)
        started.append(daemon)
        print(f"{HOSTS} hosts, a pass each {60 / SPEED:.0f} s, health each {300 / SPEED:.0f} s")
        print("minute   cpu %   MiB   files   store MiB", flush=True)
        total = before = ticks(daemon.pid)
        first = None
        for minute in range(1, MINUTES + 1):
            time.sleep(60)  # what is measured is time passing
            now = ticks(daemon.pid)
            size = sum(os.path.getsize(f"{work}/.reconciler/{name}") for name in os.listdir(f"{work}/.reconciler"))
            share = (now - before) / os.sysconf("SC_CLK_TCK") / 60 * 100
            print(f"{minute:>6} {share:>7.2f} {resident(daemon.pid):>5.1f} {len(os.listdir(f'/proc/{daemon.pid}/fd')):>7}"
                  f" {size / 1048576:>11.1f}", flush=True)
            before = now
            first = now if minute == 1 else first
        share = (before - first) / os.sysconf("SC_CLK_TCK") / max(1, (MINUTES - 1) * 60) * 100
        print(f"after the first minute: {share:.2f} % of a core")
        health = subprocess.run([BINARY, "status"], cwd=work, env=environment, capture_output=True, text=True).stdout
        print(health.splitlines()[0])
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait()
        shutil.rmtree(work)


main()
