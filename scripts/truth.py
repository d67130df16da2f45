#!/usr/bin/env python3
"""Checks each second that what the daemon says is true. Usage: truth.py BINARY SECONDS [SEED]

A daemon follows a git repository served over HTTP; its NPM is the embedded simulator behind a TCP relay. The git server,
NPM, the sink, the store's disk, the status disk, the backends and the network to all of them go away and come back by a
seeded schedule, alone and in pairs; commits and edits in NPM happen meanwhile. Each second `status` and metrics.prom are
compared with the world: what NPM stores, which backends live, what was pushed; at the end the log and the messages to the
sink, too: what they say was so, what happened was told, and nothing was told twice. A statement counts as untrue when the
world has been otherwise for longer than its stated age allows: two intervals, and what a check takes. Prints a line for
each fault and a summary; ends with 1 where something untrue was said, a pass was missed, a host was deleted, or memory
grew.
"""
import collections, datetime, json, os, random, re, shutil, subprocess, sys, tempfile, time, urllib.request

sys.dont_write_bytecode = True  # nothing is left beside the sources
from lab import simulator
from truth_world import World

BINARY, SECONDS = os.path.abspath(sys.argv[1]), int(sys.argv[2])
SEED = int(sys.argv[3]) if len(sys.argv) > 3 else 1
INTERVAL = 1  # seconds, of everything that has one
HOSTS = 6
# Seconds for which a statement may be behind: two intervals and the write's allowance (valid_until), a check with its
# threshold, and what this program needs to look itself.
SLACK = 2 * INTERVAL + 5 + 3
# Seconds within which an outage has to be told: what comes after the first messages of a rule is collected for ten minutes
# at most, and a sink that was away is tried again after a pause.
TOLD = 600 + 120
# Longer than any outage: while it lasts, nothing is told again, and an outage after another within it is not told.
COOLDOWN = 30
ENVIRONMENT = {"PATH": os.environ["PATH"], "NPM_IDENTITY": "admin@example.com", "NPM_SECRET": "changeme",
               "GIT_CONFIG_GLOBAL": "/dev/null", "HOME": "/nonexistent"}


def git(repository, *words):
    subprocess.run(["git", "-C", repository, "-c", "user.name=Ada", "-c", "user.email=ada@lan.test", *words],
                   check=True, capture_output=True, env=ENVIRONMENT)


class Check:
    def __init__(self, work, rng):
        self.work, self.rng, self.world = work, rng, World()
        self.messages = []  # with the time at which they came
        self.repository = f"{work}/repository"
        self.simulator, port = simulator(BINARY)
        self.npm_port = int(port)
        self.backends = [self.world.serve("network", lambda _, name=f"h{index}": self.answer(name))
                         for index in range(HOSTS)]
        git_port = self.world.serve("git", self.file)
        sink_port = self.world.serve("sink", received=lambda body: self.messages.append((time.time(), body)))
        relay = self.world.relay("npm", self.npm_port)
        ENVIRONMENT["NPM_URL"] = f"http://127.0.0.1:{relay}"
        os.makedirs(f"{self.repository}/desired")
        git(self.repository, "init", "--quiet", "--initial-branch=main")
        self.flags, self.recent = 0, collections.deque(maxlen=5)
        self.commit()
        with open(f"{work}/reconciler.yaml", "w") as file:
            file.write(f"policy: sync\nwatch: {{ interval: {INTERVAL}s }}\n"
                       f"source: {{ git: 'http://127.0.0.1:{git_port}/', interval: {INTERVAL}s }}\n"
                       f"health: {{ interval: {INTERVAL}s, failure_threshold: 1, success_threshold: 1 }}\n"
                       "probe: { tcp_timeout: 1s, http_timeout: 1s }\n"
                       "npm: { connect_timeout: 1s, first_byte_timeout: 2s, read_timeout: 2s, write_timeout: 5s }\n"
                       f"alerts:\n  sinks: [{{ name: hook, type: webhook, url: 'http://127.0.0.1:{sink_port}/' }}]\n"
                       f"  rules: [{{ rule: host-down, cooldown: {COOLDOWN}s }},\n"
                       f"          {{ rule: npm-unreachable, cooldown: {COOLDOWN}s, after: 1s }},\n"
                       f"          {{ rule: store-failing, cooldown: {COOLDOWN}s, after: 1s }},\n"
                       "          { rule: host-unstable, enabled: false },\n"
                       "          { rule: slo-missed, enabled: false }]\n")
        self.log = open(f"{work}/log", "w")
        self.daemon = subprocess.Popen([BINARY, "watch"], cwd=work, env=ENVIRONMENT, stderr=self.log)
        self.began = time.time()
        self.otherwise = {}  # since when the world is not as is said, by what is said
        self.untrue = collections.Counter()
        self.passes, self.matched = [], []
        self.token = None

    def answer(self, name):
        return (200, b"fine") if not self.world.is_away(name) else (500, b"")

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
        self.recent.append(self.wanted("HEAD"))

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
                self.world.set(f"h{index}", is_away)
        elif name == "network":
            for part in ["network", "git", "npm", "sink"] + [f"h{index}" for index in range(HOSTS)]:
                self.world.set(part, is_away)
        if name in ("git", "npm", "sink", "store"):
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
        found = {host["domain_names"][0]: host for host in self.hosts()}
        if any(self.is_as(found, values) for values in self.recent):
            self.matched.append(time.time())
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
        commit = (said.get("commit") or {}).get("hash")
        matches = bool(commit) and self.is_as(found, self.wanted(commit))
        self.claim("InSync is True", conditions.get("InSync") == "True", matches)
        self.claim("the newest files are in force", conditions.get("InSync") == "True" and "DesiredValid" not in conditions,
                   commit == head)
        for proxy in (said.get("health") or {}).get("proxies", []):
            self.claim(f"{proxy['name']} is {proxy['health']}", proxy["health"] != "unknown",
                       (proxy["health"] == "healthy") != self.world.is_away(proxy["name"]))
        self.look_at_metrics(matches)
        last = (said.get("last_reconcile") or {}).get("at")
        if last and (not self.passes or self.passes[-1] != last):
            self.passes.append(last)

    def look_at_metrics(self, matches):
        try:
            with open(f"{self.work}/status/metrics.prom") as file:
                values = dict(line.rsplit(" ", 1) for line in file if not line.startswith("#"))
        except OSError:  # the disk is away
            values = {}
        self.claim("metric InSync is 1", float(values.get('reconciler_condition{type="InSync"}', 0)) == 1, matches)
        for name in (f"h{index}" for index in range(HOSTS)):
            value = values.get(f'reconciler_proxy_healthy{{name="{name}"}}')
            self.claim(f"metric of {name} is {(value or '').strip()}", value is not None,
                       value is None or (float(value) == 1) != self.world.is_away(name))

    @staticmethod
    def is_as(found, wanted):
        return set(found) == set(wanted) and all(
            found[name]["caching_enabled"] == value and not found[name]["allow_websocket_upgrade"]
            for name, value in wanted.items())

    def wanted(self, commit):
        text = subprocess.run(["git", "-C", self.repository, "show", f"{commit}:desired/hosts.yaml"], check=True,
                              capture_output=True, text=True, env=ENVIRONMENT).stdout
        return {line.split("[")[1].split("]")[0]: "caching_enabled: true" in line
                for line in text.splitlines() if "domain_names" in line}

    # What was said, and what happened.

    def outages(self):
        """The outages that are too long to be missed: name, from, to."""
        return [(name, start, end) for name, periods in self.world.absences.items() if name != "network"
                for start, end in periods if min(end, self.ended) - start > SLACK + 2]

    def check_log(self):
        told = collections.defaultdict(list)
        with open(f"{self.work}/log") as file:
            lines = [line.rstrip("\n").split("  ", 1) for line in file]
        for at, text in ((seconds(line[0]), line[1]) for line in lines if len(line) == 2):
            health = re.match(r"(h\d) is (unhealthy|healthy)", text)
            if health and health[2] == "unhealthy":
                told[health[1]].append(at)
                self.judge(f"log: {text[:30]}", self.world.was_away(health[1], at - SLACK, at))
            elif health:
                self.judge(f"log: {text[:30]}", self.world.was_there(health[1], at - SLACK, at))
            elif text.startswith("in sync"):
                self.judge("log: in sync", any(abs(at - time) <= SLACK for time in self.matched))
            elif text.startswith("delete "):
                self.judge(f"log: {text}", False)
        for name, start, _ in self.outages():
            if name.startswith("h"):
                self.judge(f"the log tells that {name} is down", any(start <= at <= start + SLACK for at in told[name]))

    def check_messages(self):
        causes = {"npm-unreachable": "npm", "store-failing": "store"}
        subjects = {f"127.0.0.1:{port}": f"h{index}" for index, port in enumerate(self.backends)}
        alerts = [(came, alert) for came, body in self.messages for alert in json.loads(body)["alerts"]]
        told, seen = collections.defaultdict(list), set()
        for came, alert in alerts:
            rule, subject = alert["labels"]["alertname"], alert["labels"]["subject"]
            name = causes.get(rule) or subjects.get(subject)
            start = seconds(alert["startsAt"])
            end = seconds(alert["endsAt"]) if alert["status"] == "resolved" else came
            once = (alert["fingerprint"], alert["startsAt"], alert["status"], alert["annotations"].get("members"))
            self.judge(f"told once: {once}", once not in seen)
            seen.add(once)
            names = [name] if name else alert["annotations"].get("members", "").replace(",", " ").split()
            if rule not in causes and rule != "host-down":
                continue  # such as files of a commit that could not be fetched whole
            for name in names:
                self.judge(f"message: {rule} {name}", self.world.was_away(name, start - SLACK, end))
                if alert["status"] == "firing":
                    told[name].append(tuple(round(at - self.began) for at in (start, came if subject == "digest" else start, came)))
                elif subject in subjects:
                    self.judge(f"message: {rule} {name} resolved", self.world.was_there(name, end - SLACK, end))
        for name, start, end in self.outages():
            if name in ("git", "sink") or name == "npm" and self.world.was_away("store", start - SLACK, end):
                continue  # no rule is about them; without a store NPM is not asked
            start = round(start - self.began)
            self.judge(f"a message tells that {name} is down from {start} s on: {told[name]}",
                       any(first <= start + COOLDOWN and last >= start - COOLDOWN - SLACK and came <= start + TOLD
                           for first, last, came in told[name]))

    def judge(self, name, is_true):
        if not is_true:
            self.untrue[name] += 1

    def resident(self):
        line = next(line for line in open(f"/proc/{self.daemon.pid}/status") if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024

    def run(self):
        names = ["git", "npm", "sink", "store", "status", "backends", "network"]
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
        self.ended = time.time()
        # What is collected for the sink is sent once nothing new came for half a minute.
        quiet, count = time.time(), -1
        while time.time() - quiet < 45 and self.daemon.poll() is None:
            if count != len(self.messages):
                quiet, count = time.time(), len(self.messages)
            time.sleep(1)
        self.log.flush()
        self.check_log()
        self.check_messages()
        return missed, memory

    def close(self):
        for process in (self.daemon, self.simulator):
            process.terminate()
            process.wait(20)


def seconds(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def main():
    work = tempfile.mkdtemp()
    check = Check(work, random.Random(SEED))
    try:
        missed, memory = check.run()
        third = max(1, len(memory) // 3)
        growth = sum(memory[-third:]) / third - sum(memory[third:2 * third] or memory[:third]) / third if memory else 0
        print(f"seed {SEED}, {SECONDS} s: {sum(check.untrue.values())} s in which something untrue was said, {missed} passes "
              f"missed, {len(check.passes)} passes seen, {len(check.messages)} messages, memory {memory[-1] if memory else 0:.0f} MiB "
              f"({growth:+.1f})")
        if len(check.passes) < SECONDS / 5:
            check.untrue["too few passes were seen"] += 1
        # A short run is still filling its caches.
        if check.untrue or missed or growth > (2 if SECONDS >= 600 else 4):
            for name, count in check.untrue.most_common():
                print(f"  {count} s: {name}")
            print(open(f"{work}/log").read()[-4000:])
            sys.exit(1)
    finally:
        check.close()
        shutil.rmtree(work, ignore_errors=True)


main()
