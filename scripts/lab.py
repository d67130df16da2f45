"""A simulator and a daemon with its API, in a folder of their own and on loopback, for the programs beside it."""
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request


def simulator(binary, address="127.0.0.1"):
    """A simulator on a port that the kernel chooses; returns it and the port."""
    process = subprocess.Popen(
        [os.path.abspath(binary), "simulator", "--listen", f"{address}:0"], stdout=subprocess.PIPE, text=True)
    return process, process.stdout.readline().strip().rsplit(":", 1)[1]


def resident(process):
    """MiB in memory of the process with this number."""
    with open(f"/proc/{process}/statm") as pages:
        return int(pages.read().split()[1]) * resource.getpagesize() / 2**20


class Lab:
    """A context: both run inside it, and are ended with it."""

    def __init__(self, binary, desired="proxy_hosts: {}\n", api="{}", listen="127.0.0.1:0"):
        self.binary = os.path.abspath(binary)
        self.desired, self.api, self.listen = desired, api, listen
        self.daemon = None

    def __enter__(self):
        self._directory = tempfile.TemporaryDirectory()
        self.folder = self._directory.name
        os.makedirs(f"{self.folder}/desired")
        with open(f"{self.folder}/desired/all.yaml", "w") as file:
            file.write(self.desired)
        with open(f"{self.folder}/reconciler.yaml", "w") as file:
            file.write(f"api: {self.api}\nwatch: {{ interval: 1h }}\n")
        self.simulator, port = simulator(self.binary)
        self.environment = {
            **os.environ, "NPM_URL": f"http://127.0.0.1:{port}", "NPM_IDENTITY": "admin@example.com",
            "NPM_SECRET": "changeme"}
        return self

    def __exit__(self, *_):
        for program in (self.daemon, self.simulator):
            if program and program.poll() is None:
                program.send_signal(signal.SIGTERM)
                program.wait(20)
        self._directory.cleanup()

    def watch(self):
        """Starts the daemon; returns host and port of its API."""
        mark = "API listens on "
        self.daemon = subprocess.Popen(
            [self.binary, "watch", "--listen", self.listen], cwd=self.folder, env=self.environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for line in self.daemon.stdout:
            if mark in line:
                host, port = line.split(mark, 1)[1].split()[0].rsplit(":", 1)
                return host, int(port)
        sys.exit("the daemon ended before it listened")

    def wait_until_ready(self, url):
        """Until the first reconciliation has ended."""
        deadline = time.monotonic() + 30
        while True:
            try:
                urllib.request.urlopen(f"{url}/readyz", timeout=5).close()
                return
            except urllib.error.HTTPError:
                if time.monotonic() > deadline:
                    sys.exit("the daemon is not ready")
                time.sleep(0.05)

    def kill(self):
        """As the kernel would: nothing can be tidied up."""
        self.daemon.kill()
        self.daemon.wait(20)

    def run(self, *arguments):
        """What a command prints."""
        return subprocess.run(
            [self.binary, *arguments], cwd=self.folder, env=self.environment, text=True, check=True,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
