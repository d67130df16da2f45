"""A simulator and a daemon with its API, in a folder of their own and on loopback, for the programs beside it."""
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request


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
        self.environment = dict(os.environ)
        self.simulator, address = self._start(["simulator", "--listen", "127.0.0.1:0"], "http://")
        self.environment.update(
            NPM_URL=f"http://{address}", NPM_IDENTITY="admin@example.com", NPM_SECRET="changeme")
        return self

    def __exit__(self, *_):
        for program in (self.daemon, self.simulator):
            if program and program.poll() is None:
                program.send_signal(signal.SIGTERM)
                program.wait(20)
        self._directory.cleanup()

    def _start(self, arguments, mark):
        """Starts the program; returns it and the word after the mark in its output."""
        program = subprocess.Popen(
            [self.binary, *arguments], cwd=self.folder, env=self.environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for line in program.stdout:
            if mark in line:
                return program, line.split(mark, 1)[1].split()[0]
        sys.exit(f"{arguments[0]} ended before it listened")

    def watch(self):
        """Starts the daemon; returns host and port of its API."""
        self.daemon, place = self._start(["watch", "--listen", self.listen], "API listens on ")
        host, port = place.rsplit(":", 1)
        return host, int(port)

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
