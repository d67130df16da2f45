#!/usr/bin/env python3
"""Checks each second that what the daemon says is true. Usage: truth.py BINARY SECONDS [SEED]

A daemon follows a git repository served over HTTP; its NPM is the embedded simulator behind a TCP relay. The git server,
NPM, the sink, the store's disk, the status disk and the backends go away and come back by a seeded schedule, alone and in
pairs; commits and edits in NPM happen meanwhile. Each second `status` is compared with the world: what NPM stores, which
backends live, what was pushed. A statement counts as untrue when the world has been otherwise for longer than its stated
age allows: two intervals, and what a check takes. Prints a line for each fault and a summary; ends with 1 where something
untrue was said, a pass was missed, a host was deleted, or memory grew.
"""
import collections, http.server, json, os, random, shutil, socket, subprocess, sys, tempfile, threading, time, urllib.request

BINARY, SECONDS = os.path.abspath(sys.argv[1]), int(sys.argv[2])
SEED = int(sys.argv[3]) if len(sys.argv) > 3 else 1
INTERVAL = 1  # seconds, of everything that has one
HOSTS = 6
# Seconds for which a statement may be behind: two intervals and the write's allowance (valid_until), a check with its
# threshold, and what this program needs to look itself.
SLACK = 2 * INTERVAL + 5 + 3
ENVIRONMENT = {"PATH": os.environ["PATH"], "NPM_IDENTITY": "admin@example.com", "NPM_SECRET": "changeme",
               "GIT_CONFIG_GLOBAL": "/dev/null", "HOME": "/nonexistent"}


class Handler(http.server.BaseHTTPRequestHandler):
    """A server that can stop answering while it takes connections."""
    protocol_version = "HTTP/1.0"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.world.wait(self.server.name)
        status, body = self.server.answer(self.path)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.world.wait(self.server.name)
        self.server.received(body)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()


class World:
    def __init__(self, work):
        self.work, self.away, self.lock = work, set(), threading.Condition()
        self.notices = []

    def serve(self, name, answer=None, received=None):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        server.world, server.name, server.answer, server.received = self, name, answer, received
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server.server_port

    def wait(self, name):
        with self.lock:
            self.lock.wait_for(lambda: name not in self.away, timeout=120)

    def is_away(self, name):
        with self.lock:
            return name in self.away

    def set(self, name, is_away):
        with self.lock:
            (self.away.add if is_away else self.away.discard)(name)
            self.lock.notify_all()

    def relay(self, name, port):
        """A TCP relay that refuses new connections and cuts old ones while it is away."""
        listener = socket.create_server(("127.0.0.1", 0))

        def pump(source, sink):
            try:
                while data := source.recv(65536):
                    if self.is_away(name):
                        break
                    sink.sendall(data)
            except OSError:
                pass
            for end in (source, sink):
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

        def run():
            while True:
                client, _ = listener.accept()
                if self.is_away(name):
                    client.close()
                    continue
                try:
                    server = socket.create_connection(("127.0.0.1", port))
                except OSError:
                    client.close()
                    continue
                for ends in ((client, server), (server, client)):
                    threading.Thread(target=pump, args=ends, daemon=True).start()

        threading.Thread(target=run, daemon=True).start()
        return listener.getsockname()[1]


def git(repository, *words):
    subprocess.run(["git", "-C", repository, "-c", "user.name=Ada", "-c", "user.email=ada@lan.test", *words],
                   check=True, capture_output=True, env=ENVIRONMENT)


class Check:
    def __init__(self, work, rng):
        self.work, self.rng, self.world = work, rng, World(work)
        self.repository = f"{work}/repository"
        self.simulator = subprocess.Popen([BINARY, "simulator", "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True)
        self.npm_port = int(self.simulator.stdout.readline().strip().rsplit(":", 1)[1])
        self.backends = [self.world.serve(f"backend {index}", lambda _, index=index: self.answer(index))
                         for index in range(HOSTS)]
        git_port = self.world.serve("git", self.file)
        sink_port = self.world.serve("sink", received=self.world.notices.append)
        relay = self.world.relay("npm", self.npm_port)
        ENVIRONMENT["NPM_URL"] = f"http://127.0.0.1:{relay}"
        os.makedirs(f"{self.repository}/desired")
        git(self.repository, "init", "--quiet", "--initial-branch=main")
        self.flags = 0
        self.commit()
        with open(f"{work}/reconciler.yaml", "w") as file:
            file.write(f"policy: sync\nwatch: {{ interval: {INTERVAL}s }}\n"
                       f"source: {{ git: 'http://127.0.0.1:{git_port}/', interval: {INTERVAL}s }}\n"
                       f"health: {{ interval: {INTERVAL}s, failure_threshold: 1, success_threshold: 1 }}\n"
                       "probe: { tcp_timeout: 1s, http_timeout: 1s }\n"
                       "npm: { connect_timeout: 1s, first_byte_timeout: 2s, read_timeout: 2s, write_timeout: 5s }\n"
                       f"alerts: {{ sinks: [{{ name: hook, type: webhook, url: 'http://127.0.0.1:{sink_port}/' }}] }}\n")
        self.log = open(f"{work}/log", "w")
        self.daemon = subprocess.Popen([BINARY, "watch"], cwd=work, env=ENVIRONMENT, stderr=self.log)
        self.otherwise = {}  # since when the world is not as is said, by what is said
        self.untrue = collections.Counter()
        self.passes = []
        self.token = None

    def answer(self, index):
        return (200, b"fine") if not self.world.is_away(f"bad {index}") else (500, b"")

    def file(self, path):
        try:
            with open(f"{self.repository}/.git{path.split('?')[0]}", "rb") as file:
                return 200, file.read()
        except OSError:
            return 404, b""

    def commit(self):
        self.flags += 1
        with open(f"{self.repository}/desired/hosts.yaml", "w") as file:
            file.write("proxy_hosts:\n")
            for index, port in enumerate(self.backends):
                file.write(f"  h{index}: {{ domain_names: [h{index}.test], forward: 'http://127.0.0.1:{port}', "
                           f"validate: warn, caching_enabled: {str(bool(self.flags >> (index % 3) & 1)).lower()} }}\n")
        git(self.repository, "add", "--all")
        git(self.repository, "commit", "--quiet", "--allow-empty", "--message", f"Commit {self.flags}")
        git(self.repository, "update-server-info")

    def api(self, method, path, body=None):
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        request = urllib.request.Request(f"http://127.0.0.1:{self.npm_port}{path}", method=method, headers=headers,
                                         data=None if body is None else json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=10) as response:
            return json.load(response)

    def hosts(self):
        if not self.token:
            self.token = self.api("POST", "/api/tokens", {"identity": "admin@example.com", "secret": "changeme"})["token"]
        return self.api("GET", "/api/nginx/proxy-hosts")

    def drift(self):
        host = self.rng.choice(self.hosts())
        self.api("PUT", f"/api/nginx/proxy-hosts/{host['id']}", {"allow_websocket_upgrade": not host["allow_websocket_upgrade"]})

    # What is broken.

    def break_(self, name, is_away):
        if name == "store":
            path = f"{self.work}/.reconciler/state.db"
            if is_away:
                os.rename(path, path + ".kept")
                os.mkdir(path)
            else:
                shutil.rmtree(path)
                os.rename(path + ".kept", path)
        elif name == "status":
            if is_away:
                shutil.rmtree(f"{self.work}/status", ignore_errors=True)
                open(f"{self.work}/status", "w").close()
            else:
                os.remove(f"{self.work}/status")
        elif name == "backends":
            for index in range(0, HOSTS, 2):
                self.world.set(f"bad {index}", is_away)
        else:
            self.world.set(name, is_away)

    # What is said, and what is.

    def claim(self, name, is_said, is_true):
        """Counts a second in which something was said that has not been true for longer than it may be."""
        now = time.monotonic()
        if not is_said or is_true:
            self.otherwise.pop(name, None)
            return
        since = self.otherwise.setdefault(name, now)
        if now - since > SLACK:
            self.untrue[name] += 1
            print(f"  untrue for {now - since:.0f} s: {name}", flush=True)

    def look(self):
        run = subprocess.run([BINARY, "status", "-o", "json"], cwd=self.work, env=ENVIRONMENT, capture_output=True, text=True)
        try:
            said = json.loads(run.stdout)
        except ValueError:
            said = {}
        if "conditions" not in said:  # there are no readable status files, and it says so: nothing else is said
            self.otherwise.clear()
            return
        conditions = {entry["type"]: entry["status"] for entry in said["conditions"]}
        with open(f"{self.repository}/.git/refs/heads/main") as file:
            head = file.read().strip()
        found = {host["domain_names"][0]: host for host in self.hosts()}
        commit = (said.get("commit") or {}).get("hash")
        wanted = self.wanted(commit) if commit else {}
        matches = bool(wanted) and set(found) == set(wanted) and all(
            found[name]["caching_enabled"] == value and not found[name]["allow_websocket_upgrade"]
            for name, value in wanted.items())
        self.claim("InSync is True", conditions.get("InSync") == "True", matches)
        self.claim("the newest files are in force", conditions.get("InSync") == "True" and "DesiredValid" not in conditions,
                   commit == head)
        for proxy in (said.get("health") or {}).get("proxies", []):
            index = int(proxy["name"][1:])
            is_up = not self.world.is_away(f"bad {index}")
            self.claim(f"{proxy['name']} is {proxy['health']}", proxy["health"] != "unknown",
                       (proxy["health"] == "healthy") == is_up)
        last = (said.get("last_reconcile") or {}).get("at")
        if last and (not self.passes or self.passes[-1] != last):
            self.passes.append(last)

    def wanted(self, commit):
        text = subprocess.run(["git", "-C", self.repository, "show", f"{commit}:desired/hosts.yaml"], check=True,
                              capture_output=True, text=True, env=ENVIRONMENT).stdout
        return {line.split("[")[1].split("]")[0]: "caching_enabled: true" in line
                for line in text.splitlines() if "domain_names" in line}

    def resident(self):
        line = next(line for line in open(f"/proc/{self.daemon.pid}/status") if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024

    def run(self):
        names = ["git", "npm", "sink", "store", "status", "backends"]
        end = time.monotonic() + SECONDS
        broken, change_at = [], time.monotonic() + 8
        missed, memory, ids, second = 0, [], set(), 0
        while time.monotonic() < end:
            second += 1
            time.sleep(1)  # what is looked at is time passing
            if time.monotonic() >= change_at:
                for name in broken:
                    self.break_(name, False)
                # Alone and in pairs, with a pause in between, in which everything must come right again.
                broken = [] if broken else self.rng.sample(names, self.rng.choice([1, 2]))
                for name in broken:
                    self.break_(name, True)
                print(f"{second:>5} s  {', '.join(broken) if broken else 'everything is there'}", flush=True)
                change_at = time.monotonic() + self.rng.choice([10, 15])
            if self.rng.random() < 0.1:
                self.commit()
            if self.rng.random() < 0.1 and self.hosts():
                self.drift()
            before = len(self.passes)
            self.look()
            # Without a fault a pass ends each interval; three seconds without one are a missed one.
            quiet = self.passes and len(self.passes) == before and not broken
            self.still = getattr(self, "still", 0) + 1 if quiet else 0
            missed += self.still == SLACK
            found = {host["id"] for host in self.hosts()}
            if ids - found:
                self.untrue[f"deleted: {sorted(ids - found)}"] += 1
            ids |= found
            if self.daemon.poll() is not None:
                self.untrue["the daemon runs"] += 1
                break
            if second > 20:
                memory.append(self.resident())
        for name in broken:
            self.break_(name, False)
        return missed, memory

    def close(self):
        for process in (self.daemon, self.simulator):
            process.terminate()
            process.wait(20)


def main():
    work = tempfile.mkdtemp()
    check = Check(work, random.Random(SEED))
    try:
        missed, memory = check.run()
        third = max(1, len(memory) // 3)
        growth = sum(memory[-third:]) / third - sum(memory[third:2 * third] or memory[:third]) / third if memory else 0
        print(f"seed {SEED}, {SECONDS} s: {sum(check.untrue.values())} s in which something untrue was said, {missed} passes "
              f"missed, {len(check.passes)} passes seen, {len(check.world.notices)} messages, memory {memory[-1] if memory else 0:.0f} MiB "
              f"({growth:+.1f})")
        if len(check.passes) < SECONDS / 5:
            check.untrue["too few passes were seen"] += 1
        if check.untrue or missed or growth > 4:
            for name, count in check.untrue.most_common():
                print(f"  {count} s: {name}")
            print(open(f"{work}/log").read()[-4000:])
            sys.exit(1)
    finally:
        check.close()
        shutil.rmtree(work, ignore_errors=True)


main()
