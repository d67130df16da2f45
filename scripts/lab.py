"""A simulator and a daemon with its API, in a folder of their own and on loopback, for the programs beside it."""
import http.server
import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
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


def backend():
    """A destination that answers every check, on a port that the kernel chooses; returns the port."""
    http.server.ThreadingHTTPServer.request_queue_size = 1024
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Backend)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def hosts(count, port):
    """Desired files with so many proxy hosts in front of one destination."""
    lines = [
        f'  h{number}: {{ domain_names: [h{number}.example.com], forward: "http://127.0.0.1:{port}" }}'
        for number in range(count)]
    return "proxy_hosts:\n" + "\n".join(lines) + "\n"


def wait_until_checked(url, count, seconds=300):
    """Until each host is known to be healthy; returns the text of the metrics."""
    deadline = time.monotonic() + seconds
    while True:
        with urllib.request.urlopen(f"{url}/metrics") as answer:
            text = answer.read().decode()
        if text.count("\nreconciler_proxy_healthy{") >= count:
            return text
        if time.monotonic() > deadline:
            sys.exit("the hosts are not all checked")
        time.sleep(1)


class Lab:
    """A context: both run inside it, and are ended with it."""

    def __init__(self, binary, desired="proxy_hosts: {}\n", api="{}", listen="127.0.0.1:0", interval="1h"):
        self.binary = os.path.abspath(binary)
        self.desired, self.api, self.listen, self.interval = desired, api, listen, interval
        self.daemon = None

    def __enter__(self):
        self._directory = tempfile.TemporaryDirectory()
        self.folder = self._directory.name
        os.makedirs(f"{self.folder}/desired")
        with open(f"{self.folder}/desired/all.yaml", "w") as file:
            file.write(self.desired)
        with open(f"{self.folder}/reconciler.yaml", "w") as file:
            file.write(f"api: {self.api}\nwatch: {{ interval: {self.interval} }}\npolicy: sync\n")
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
