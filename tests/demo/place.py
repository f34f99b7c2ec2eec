"""Where the demo happens: a state folder made by `lienthong init`, the programs started there, and the command line."""
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from agency_process import AgencyProcess
from ports import free_port_pair

BUILD = os.environ["LIENTHONG_BUILD"]

# An outage of the demo lasts seconds, not a weekend; so does the patience with it.
PATIENCE = {"backoff_min": "300ms", "backoff_max": "2s", "breaker_probe": "300ms"}

# What `lienthong init` writes for an agency, and how to fetch what it has for us. The address is the simulated one.
AGENCY = """  - code: {code}
    secret_key_file: keys/{code}.secret
    dialect: rest
    base_url: http://127.0.0.1:{port}
    https_only: false
    reach: loopback
    paths: {{ create: /handoffs{probe} }}
    mappings: {{ "*": mappings/rest-forward.yaml }}
    requests: 4
    connect_timeout: 2s
    total_timeout: 10s
    pull:
      path: /outbox?limit=100
      interval: 500ms
      items: /items
      next: /next
      item:
        kind: {{ at: /type, words: {{ RESULT: RESULT }} }}
        source_key: /id
        source_time: /at
        dossier_code: /dossier_code
        parent: /idempotency_key
        procedure_code: /procedure_code
        step: /step
        status: /status
        components: /components
        payload: /data
"""


class CommandFailed(Exception):
    """The command line, or a program at its start, said no."""


class Place:
    def __init__(self):
        # A socket's path has room for about a hundred characters: a deep TMPDIR would not do.
        self.folder = tempfile.mkdtemp(prefix="lienthong-demo-",
                                       dir=None if len(tempfile.gettempdir()) < 40 else "/tmp")
        self.port = free_port_pair()
        self.agencies, self.processes = {}, {}

    def path(self, *names):
        return os.path.join(self.folder, *names)

    @property
    def endpoint(self):
        return f"tcp://127.0.0.1:{self.port}"

    # ---- the command line

    def run(self, *words, lang="vi", codes=(0,)):
        """What `lienthong WORDS` prints."""
        done = subprocess.run([os.path.join(BUILD, "lienthong"), "--site", self.folder, "--lang", lang, *words],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False)
        if done.returncode not in codes:
            raise CommandFailed(f"lienthong {shlex.join(words)}: exit {done.returncode}: {done.stderr}{done.stdout}")
        return done.stdout

    def ask(self, *words, codes=(0,)):
        """The same as JSON."""
        return json.loads(self.run(*words, "--json", codes=codes))

    def counts(self, code):
        """How many handoffs to this agency are in which state."""
        for agency in self.ask("agencies", code)["agencies"]:
            if agency["code"] == code:
                return agency
        raise CommandFailed(f"lienthong agencies: no {code}")

    # ---- configuration

    def init(self, agencies):
        self.run("init", self.folder, "--port", str(self.port), "--agencies", ",".join(agencies))
        path = self.path("directory", "gateway.yaml")
        with open(path, encoding="utf-8") as file:
            lines = file.read().split("\n")
        for i, each in enumerate(lines):
            name = each.strip().split(":")[0]
            if name in PATIENCE:
                lines[i] = f"  {name}: {PATIENCE[name]}"
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(lines))
        self.run("check-config", self.path("directory"))

    def write_adapter(self, probes):
        text = ("gateway: { endpoint: \"" + self.endpoint + "\", public_key_file: keys/gateway.public }\n"
                "rules: rules\nagencies:\n")
        for code, agency in self.agencies.items():
            probe = ', probe: "/handoffs/{idempotency_key}"' if code in probes else ""
            text += AGENCY.format(code=code, port=agency.port, probe=probe)
        with open(self.path("adapter.yaml"), "w", encoding="utf-8") as file:
            file.write(text)

    # ---- processes

    def start(self, name, *command):
        """A program in the background, its output in log/NAME.log. Its own session: Ctrl-C is for the demo alone."""
        os.makedirs(self.path("log"), exist_ok=True)
        with open(self.path("log", f"{name}.log"), "ab") as log:
            self.processes[name] = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                                    cwd=self.folder, start_new_session=True)
        return self.processes[name]

    def start_cli(self, name, *words):
        return self.start(name, os.path.join(BUILD, "lienthong"), "--site", self.folder, *words)

    def start_watch(self, name, code, folder):
        """Whatever JSON file appears in `folder` is handed off as `code`."""
        self.start_cli(name, "submit", "--as", code, "--watch", folder, "--interval", "250ms", "--json")

    def start_broker(self):
        self.start("lienthongd", os.path.join(BUILD, "lienthongd"), "--config", self.path("broker.yaml"))
        self.wait_started("lienthongd", lambda: "gateway" in self.ask("status", codes=(0, 3)).get("facts", {}))

    def start_adapter(self):
        self.start("lienthong-adapter", os.path.join(BUILD, "lienthong-adapter"), "--config", self.path("adapter.yaml"))

    def start_agency(self, code, **manners):
        books = self.path("books")
        os.makedirs(books, exist_ok=True)
        self.agencies[code] = AgencyProcess(code, books, **manners).start()
        return self.agencies[code]

    def wait_started(self, name, ready, seconds=10):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.processes[name].poll() is not None:
                break
            try:
                if ready():
                    return
            except (json.JSONDecodeError, CommandFailed):
                pass
            time.sleep(0.05)
        raise CommandFailed(f"{name} did not start:\n{self.log_end(name)}")

    def log_end(self, name, count=8):
        try:
            with open(self.path("log", f"{name}.log"), encoding="utf-8", errors="replace") as file:
                return "".join(file.readlines()[-count:])
        except FileNotFoundError:
            return ""

    def accepted_by_watch(self, name):
        """The handoff ids in what a `lienthong submit --watch --json` has printed so far: one array after the other."""
        ids, decoder = set(), json.JSONDecoder()
        with open(self.path("log", f"{name}.log"), encoding="utf-8") as file:
            text = file.read().strip()
        while text:
            answers, end = decoder.raw_decode(text)
            ids.update(each["handoff_id"] for each in answers if each["accepted"])
            text = text[end:].strip()
        return ids

    def died(self):
        """Names of programs that ended by themselves."""
        return [name for name, process in self.processes.items() if process.poll() is not None]

    def kill(self, name):
        """kill -9, and nothing else is told."""
        self.processes[name].kill()
        self.processes[name].wait()

    def resident_mib(self, name):
        with open(f"/proc/{self.processes[name].pid}/status", encoding="ascii") as file:
            for each in file:
                if each.startswith("VmRSS:"):
                    return int(each.split()[1]) / 1024
        return 0.0

    def pids(self):
        pids = {name: process.pid for name, process in self.processes.items() if process.poll() is None}
        return pids | {f"agency {code}": agency.process.pid for code, agency in self.agencies.items() if agency.process}

    def stop(self):
        """Everything, by pid: those who hand in or take work first, then the adapter, the broker, the agencies."""
        last = ("lienthong-adapter", "lienthongd")
        for names in ([name for name in self.processes if name not in last], *([name] for name in last)):
            running = [self.processes[name] for name in names if name in self.processes]
            for process in running:
                if process.poll() is None:
                    process.send_signal(signal.SIGTERM)
            for process in running:
                try:
                    process.wait(15)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
        for agency in self.agencies.values():
            agency.stop()

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def write_stop_script(self):
        """stop.sh: ends what still runs of this demo, each pid looked at before, and removes the folder."""
        path = self.path("stop.sh")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"#!/bin/sh\n# Ends the demo in {self.folder} and removes the folder.\n"
                       f"folder={shlex.quote(self.folder)}\nfor pid in {' '.join(map(str, self.pids().values()))}; do\n"
                       "    # A number may have gone to another program meanwhile.\n"
                       "    if tr '\\0' ' ' < /proc/$pid/cmdline 2>/dev/null | grep -qF \"$folder\"; then\n"
                       "        kill \"$pid\"\n    fi\ndone\nsleep 1\nrm -rf \"$folder\"\n")
        os.chmod(path, 0o700)
        return path


PYTHON = sys.executable
