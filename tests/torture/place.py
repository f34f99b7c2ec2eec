"""A gateway (tests/live/gateway.py) whose broker runs with a recorder or a misleading clock loaded before it."""
import os
import subprocess

from gateway import BUILD, COUNTER, Gateway, NETWORK, wait_for
from words import KIND, RECEIVER

TOOLS = os.path.join(BUILD, "torture")
CUTS = int(os.environ.get("CUTS", "20"))
SEED = int(os.environ.get("SEED", "1"))


def tool(name):
    path = os.path.join(TOOLS, name)
    assert os.path.exists(path), f"{path} is not built: make torture"
    return path


def run(*command, code=0, seconds=60, environment=None):
    """Standard output of a program that must end with that status."""
    ran = subprocess.run(command, capture_output=True, text=True, timeout=seconds,
                         env={**os.environ, **(environment or {})})
    assert ran.returncode == code, f"{command} gave {ran.returncode}:\n{ran.stdout[-3000:]}\n{ran.stderr[-3000:]}"
    return ran.stdout


class Place(Gateway):
    """Its store is var/store, so that everything about the store, its own name too, happens below var."""

    def __init__(self, folder, network=NETWORK, store=None, **options):
        super().__init__(folder, network)
        self.var = store or self.path("var")
        os.makedirs(self.var, exist_ok=True)
        self.store = os.path.join(self.var, "store")
        self.environment = {}
        self.configure(**options)

    def configure(self, **options):
        store = {"folder": self.store, "ballast_bytes": "1MiB", "journal_bytes": "1MiB", **options}
        self.write("broker.yaml", "directory: directory\nsecret_key_file: keys/gateway.secret\nadmin: run/admin.sock\n"
                   f"endpoints: [\"{self.endpoint}\"]\nhandshakes_per_minute: 6000\nstop_wait: 1s\n"
                   "store: { " + ", ".join(f"{name}: {value}" for name, value in store.items()) + " }\n"
                   + self.blobs_section())

    def start_broker(self, watchdog_us=0, seconds=20):
        """With what self.environment adds."""
        before = dict(os.environ)
        os.environ.update(self.environment)
        try:
            return super().start_broker(watchdog_us, seconds)
        finally:
            os.environ.clear()
            os.environ.update(before)

    # ---- faults

    def record(self, log):
        self.environment.update(LD_PRELOAD=tool("recorder.so"), TORTURE_LOG=log,
                                TORTURE_FOLDER=os.path.realpath(self.var))

    def can_break(self):
        """Afterwards break_disk() takes effect in a running broker."""
        self.environment.update(LD_PRELOAD=tool("recorder.so"), TORTURE_FOLDER=os.path.realpath(self.var),
                                TORTURE_FAULT=self.path("fault"))

    def break_disk(self, call, error, skip=0):
        self.write("fault.new", f"{call} {error} {skip}\n")
        os.rename(self.path("fault.new"), self.path("fault"))

    def mend_disk(self):
        os.unlink(self.path("fault"))

    def set_clock(self, wall_ms=0, steady_ms=0):
        """What the broker's clocks are ahead of the machine's; also while it runs."""
        self.environment.update(LD_PRELOAD=tool("clock.so"), TORTURE_CLOCK=self.path("clock"))
        self.write("clock.new", f"{wall_ms} {steady_ms}\n")
        os.rename(self.path("clock.new"), self.path("clock"))

    # ---- handoffs

    def sender(self):
        return self.link(COUNTER)

    def receiver(self, code, credit=64):
        return self.link(code, RECEIVER, kinds=list(KIND), credit=credit)

    def submit(self, link, recipient, payload=b"{}", **fields):
        fields.setdefault("dossier_code", self.dossier())
        return link.submit(recipient=recipient, procedure_code="1.000894", kind=KIND.FORWARD, payload=payload, **fields)

    def log_has(self, *words):
        return any(all(word in line for word in words) for line in self.read("broker.log").splitlines())

    def wait_log(self, *words, seconds=10):
        wait_for(lambda: self.log_has(*words), seconds, lambda: f"{words}\n{self.tail(self.broker_log)}")

    def check_store(self):
        """The shipped check on a stopped store."""
        return run(os.path.join(BUILD, "lienthong"), "check-store", self.store, "--lang", "en")
