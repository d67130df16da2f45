#!/usr/bin/env python3
"""Kills the daemon again and again while clients read its event stream. Usage: resume.py BINARY [KILLS]

curl is started again with the last id that it got; a browser's EventSource, where Chromium is installed, comes back by
itself. In the end each must have got every event of the log, once and in order."""
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time

from lab import Lab

KILLS = int(sys.argv[2]) if len(sys.argv) > 2 else 100
PAGE = """
  window.got = [];
  const source = new EventSource('/api/events/stream?after=0');
  const take = event => got.push(Number(event.lastEventId));
  for (const reason of ['Suspended', 'Resumed', 'TokenCreated']) source.addEventListener(reason, take);
"""


class Curl(threading.Thread):
    """Reads with curl until `until` was seen, from as many connections as it takes."""

    def __init__(self, url):
        super().__init__(daemon=True)
        self.url, self.got, self.connections, self.until = url, [], 0, None

    def is_done(self):
        return self.until is not None and self.got and self.got[-1] >= self.until

    def run(self):
        while not self.is_done():
            last = self.got[-1] if self.got else 0
            reader = subprocess.Popen(
                ["curl", "-sN", "-H", f"Last-Event-ID: {last}", f"{self.url}/api/events/stream"],
                stdout=subprocess.PIPE, text=True)
            self.connections += 1
            number = None
            for line in reader.stdout:
                if line.startswith("id: "):
                    number = int(line[4:])
                # An event counts once the empty line ends it.
                if line == "\n" and number is not None:
                    self.got.append(number)
                    number = None
                    if self.is_done():
                        reader.kill()
            reader.wait()
            time.sleep(0.05)  # between attempts to connect


class Browser:
    """Chromium without a window, over its debugging pipe."""

    def __init__(self, program):
        self.profile = tempfile.TemporaryDirectory()
        to_browser, self.output = os.pipe()
        self.input, from_browser = os.pipe()

        def place():
            # First out of the way of 3 and 4, which may be among them.
            here, there = os.dup(to_browser), os.dup(from_browser)
            os.dup2(here, 3)
            os.dup2(there, 4)

        self.process = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--disable-background-networking", "--disable-component-update", "--remote-debugging-pipe",
             f"--user-data-dir={self.profile.name}", "about:blank"],
            preexec_fn=place, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_browser)
        os.close(from_browser)
        self.number, self.buffer, self.session = 0, b"", None
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

    def send(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.output, json.dumps(message).encode() + b"\0")
        while True:
            while b"\0" not in self.buffer:
                part = os.read(self.input, 1 << 20)
                if not part:
                    raise OSError("the browser has ended")
                self.buffer += part
            text, self.buffer = self.buffer.split(b"\0", 1)
            answer = json.loads(text)
            if answer.get("id") == self.number:
                return answer["result"]

    def evaluate(self, script):
        return self.send("Runtime.evaluate", expression=script, returnByValue=True)["result"].get("value")

    def close(self):
        self.process.terminate()
        self.process.wait(20)
        self.profile.cleanup()


def browser_at(url):
    program = next((path for path in ("/usr/bin/chromium", "/usr/bin/google-chrome") if os.path.exists(path)), None)
    if program is None:
        print("no Chromium here: only curl is tried")
        return None
    browser = Browser(program)
    browser.send("Page.enable")
    browser.send("Page.navigate", url=f"{url}/healthz")
    deadline = time.monotonic() + 20
    while browser.evaluate("document.readyState + location.pathname") != "complete/healthz":
        if time.monotonic() > deadline:
            sys.exit("the browser does not open the page")
        time.sleep(0.05)
    browser.evaluate(PAGE)
    return browser


def written(lab, reason=None):
    """The numbers of the events in the log, all or those of a reason."""
    events = json.loads(lab.run("events", "--limit", "100000", "-o", "json"))["events"]
    return [event["number"] for event in events if reason in (None, event["reason"])]


def run(lab):
    draw = random.Random(1)
    host, port = lab.watch()
    url = f"http://{host}:{port}"
    lab.listen = f"{host}:{port}"
    curl = Curl(url)
    curl.start()
    browser = browser_at(url)
    for kill in range(KILLS):
        # Other processes write while the daemon reads, and while it is gone.
        for number in range(draw.randint(1, 3)):
            lab.run("token", "create", f"t{kill}-{number}")
        time.sleep(draw.random() * 0.3)  # so that it is killed at any point of what it does
        lab.kill()
        if draw.random() < 0.5:
            lab.run("token", "create", f"t{kill}-away")
        lab.watch()
    lab.run("token", "create", "last")
    numbers = written(lab)
    curl.until = numbers[-1]
    lab.run("token", "create", "after-the-last")
    curl.join(30)
    got = [number for number in curl.got if number <= numbers[-1]]
    tell("curl", got == numbers, f"{curl.connections} connections, {len(got)} of {len(numbers)} events")
    if browser:
        wanted = written(lab, "TokenCreated")
        deadline = time.monotonic() + 60
        while (browser.evaluate("got.length") or 0) < len(wanted) and time.monotonic() < deadline:
            time.sleep(0.1)
        got = browser.evaluate("got")
        browser.close()
        tell("EventSource", got == wanted, f"{len(got)} of {len(wanted)} events")


def tell(client, is_right, text):
    print(f"{client}: {KILLS} kills, {text}, {'each once and in order' if is_right else 'NOT THE SAME'}")
    if not is_right:
        sys.exit(1)


with Lab(sys.argv[1], api="{ rate_limit: 0 }") as running:
    run(running)
