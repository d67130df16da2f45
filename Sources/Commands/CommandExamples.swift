/// Examples of each command, as its help shows them. A test runs them in a folder with a simulated NPM.
enum CommandExamples {
  struct Example: Sendable {
    /// Without the name of the program.
    var line: String
    var meaning: String

    init(_ line: String, _ meaning: String) {
      self.line = line
      self.meaning = meaning
    }
  }

  /// By the name of the command.
  static let all: [String: [Example]] = [
    "init": [
      Example("init", "Ask for all that is needed"),
      Example("init --yes --create-account", "Ask nothing; make an account of its own with the administrator's login"),
    ],
    "validate": [
      Example("validate", "Are the files right?"), Example("validate --probe grafana", "Does this destination answer?"),
    ],
    "diff": [
      Example("diff", "What would apply do?"), Example("diff --exit-code -o markdown", "For a comment in CI"),
    ],
    "apply": [
      Example("apply", "Bring NPM to what the files say; asks first"),
      Example("apply grafana --yes", "Only this host, without a question"),
    ],
    "adopt": [
      Example("adopt --all --dry-run", "What could be taken over?"), Example("adopt grafana --yes", "Take one over"),
    ],
    "export": [
      Example("export", "Show what NPM has as YAML"),
      Example("export --out copy --split", "One file for each object"),
    ],
    "token": [
      Example("token create ci --role read --expires 90d", "For a machine that reads, for three months"),
      Example("token list", "Which are there?"),
    ],
    "healthcheck": [
      Example("healthcheck --listen 127.0.0.1:9890", "Does the daemon work?"),
      Example("healthcheck --listen unix:/run/reconciler.sock", "The same by its socket"),
    ],
    "import": [
      Example("import wyrmctl.yaml", "Show desired state of wyrmctl as it would stand here"),
      Example("import compose.yaml --out copy --docker-host 10.0.0.5", "Labels of containers on another machine"),
    ],
    "watch": [
      Example("watch", "Keep NPM as the files say, until Ctrl-C"),
      Example("watch --log-format json", "The same, for a collector of logs"),
    ],
    "rollback": [
      Example("rollback --list", "Which runs can be gone back to?"), Example("rollback --yes", "Undo the last run"),
    ],
    "status": [Example("status", "How are things?"), Example("status grafana", "How is this host?")],
    "list": [
      Example("list", "Every host, ours and others'"),
      Example("list --state unhealthy -o csv", "Those that are down, for a spreadsheet"),
    ],
    "show": [
      Example("show grafana", "Everything about one host"), Example("show grafana.example.com", "Found by its domain"),
    ],
    "events": [
      Example("events --since 2h", "What happened in the last two hours"),
      Example("events --severity error -o json", "Errors, for a script"),
    ],
    "alerts": [
      Example("alerts", "What fires, and what is silenced"),
      Example("alerts silence grafana --for 2h --reason update", "Not to be told of it while it is worked on"),
    ],
    "suspend": [
      Example("suspend grafana --for 2h --reason migration", "Leave one host alone"),
      Example("suspend --all --for 30m --reason upgrade", "Leave everything alone"),
    ],
    "resume": [Example("resume grafana", "End it for this host"), Example("resume --all", "End it for everything")],
    "certificates": [
      Example("certificates", "When do they end, and who uses them?"), Example("certificates -o json", "For a script"),
    ],
    "doctor": [Example("doctor", "What is missing?"), Example("doctor -o json", "For a check of an installation")],
    "explain": [
      Example("explain duplicate-domain", "What does this code mean?"),
      Example("explain ssl_forced", "What is this field?"),
    ],
    "schema": [
      Example("schema > desired.schema.json", "For editors"),
      Example("schema --settings", "The same of reconciler.yaml"),
    ],
    "settings": [
      Example("settings", "What is in force, and where does it come from?"),
      Example("settings -o json", "For a script"),
    ],
    "simulator": [
      Example("simulator --listen 127.0.0.1:8181", "An NPM to try things with"),
      Example("simulator --npm-version 2.12.6", "An older one"),
    ],
    "completion": [
      Example("completion bash", "For /etc/bash_completion.d/reconciler"), Example("completion fish", "For fish"),
    ],
    "manual": [
      Example("manual reconciler.1", "In man's format"),
      Example("manual reconciler.yaml", "Every setting, commented out"),
    ],
    "version": [Example("version", "Which release is this?"), Example("version -o json", "For a script")],
  ]
}
