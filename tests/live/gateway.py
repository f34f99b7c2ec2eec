"""A gateway of its own for a test: a folder made by `lienthong init`, its processes started, killed and stopped by pid,
and questions to it.

Nothing here sleeps for luck: wait_for() looks at a condition until it holds or the deadline is over.
"""
import contextlib
import json
import os
import signal
import socket
import subprocess
import time

import lienthong_pb2 as pb
import zmq

from agency_process import AgencyProcess
from blobs import BlobLink
from ports import free_port
from wire import Link, Refusal, SENDER
from words import STATE

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ.get("LIENTHONG_BUILD", os.path.join(ROOT, "build"))
NETWORK = os.path.join(HERE, "network")

COUNTER, WARD, WARD_SENDS_ONLY = "H29.07.00", "H29.07.01", "H29.07.02"
POLICE, INSURANCE, TAX = "G01.29.07", "G24.29.07", "G12.29.07"      # idempotent, can be probed, neither
SURVEY, PORTAL = "H29.34", "H29.35"                                  # of the example networks
CLASSES = {SURVEY: "idempotent", POLICE: "idempotent", INSURANCE: "probe", TAX: "neither", WARD: "idempotent"}
THREE = (POLICE, INSURANCE, TAX)

PULL = ("pull: { path: /outbox, interval: 300ms, items: /items, next: /next, item: { kind: RESULT, source_key: /id, "
        "source_time: /at, dossier_code: /dossier_code, parent: /idempotency_key, procedure_code: /procedure_code, "
        "step: /step, status: /status, payload: /data } }")


def wait_for(condition, seconds, what):
    """The first truthy value of condition(); AssertionError with `what` (text, or a function that tells) otherwise."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what() if callable(what) else what}")
        time.sleep(0.02)


class Notify:
    """systemd's side of sd_notify: a datagram socket that keeps what it was told."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        self.socket.setblocking(False)
        self.path, self.said = path, []

    def heard(self, line):
        """How often this line was said so far."""
        with contextlib.suppress(BlockingIOError):
            while True:
                self.said += self.socket.recv(4096).decode().splitlines()
        return sum(said == line for said in self.said)


class Gateway:
    def __init__(self, folder, network=NETWORK):
        self.folder = str(folder)
        self.port = free_port()
        self.program = os.path.join(BUILD, "lienthongd")
        self.endpoint = f"tcp://127.0.0.1:{self.port}"
        self.blob_endpoint = f"tcp://127.0.0.1:{free_port()}"
        self.broker = self.adapter = self.notify = self.admin_socket = None
        self.links, self.agencies, self.dossiers = [], {}, 0
        self.broker_log, self.adapter_log = self.path("broker.log"), self.path("adapter.log")
        self.cli("init", self.folder, "--network", network, "--port", str(self.port), "--agencies",
                 f"{POLICE},{INSURANCE},{TAX}", site=False)
        self.write("broker.yaml", "directory: directory\nsecret_key_file: keys/gateway.secret\n"
                   f"endpoints: [\"{self.endpoint}\"]\nadmin: run/admin.sock\nhandshakes_per_minute: 6000\n"
                   "stop_wait: 2s\n"
                   "store: { folder: store, ballast_bytes: 1MiB }\n" + self.blobs_section())

    def blobs_section(self):
        return f"blobs: {{ endpoints: [\"{self.blob_endpoint}\"], keep_free_bytes: 1MiB }}\n"

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def read(self, name):
        with open(self.path(name), encoding="utf-8", errors="replace") as file:
            return file.read()

    def replace(self, name, old, new):
        text = self.read(name)
        assert old in text
        self.write(name, text.replace(old, new))

    def dossier(self):
        """A dossier code never used before in this gateway."""
        self.dossiers += 1
        return f"H29.07-230425-{self.dossiers:04d}"

    # ---- processes

    def start_broker(self, watchdog_us=0, seconds=15):
        """Until it says READY=1."""
        if not self.notify:
            self.notify = Notify(self.path("notify.sock"))
        environment = {**os.environ, "NOTIFY_SOCKET": self.notify.path}
        environment.pop("WATCHDOG_USEC", None)
        if watchdog_us:
            environment["WATCHDOG_USEC"] = str(watchdog_us)
        ready = self.notify.heard("READY=1")
        with open(self.broker_log, "ab") as log:
            self.broker = subprocess.Popen([self.program, "--config", self.path("broker.yaml")],
                                           stdout=log, stderr=log, env=environment)
        wait_for(lambda: self.notify.heard("READY=1") > ready or self.broker.poll() is not None, seconds,
                 lambda: f"the broker is not ready:\n{self.tail(self.broker_log)}")
        assert self.broker.poll() is None, f"the broker ended at once:\n{self.tail(self.broker_log)}"
        return self

    def start_adapter(self):
        # A proxy in the environment must not be used.
        environment = {**os.environ, "http_proxy": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}
        with open(self.adapter_log, "ab") as log:
            self.adapter = subprocess.Popen(
                [os.path.join(BUILD, "lienthong-adapter"), "--config", self.path("adapter.yaml"), "--rules",
                 self.path("rules")], stdout=log, stderr=log, env=environment)
        return self

    @staticmethod
    def end(process, number, seconds=15):
        """Sends the signal, waits; gives the exit status (negative: the signal that ended it)."""
        process.send_signal(number)
        return process.wait(seconds)

    def kill_broker(self):
        assert self.end(self.broker, signal.SIGKILL) == -signal.SIGKILL
        self.broker = None

    def kill_adapter(self):
        assert self.end(self.adapter, signal.SIGKILL) == -signal.SIGKILL
        self.adapter = None

    def stop_broker(self):
        process, self.broker = self.broker, None
        return self.end(process, signal.SIGTERM)

    def stop_adapter(self):
        process, self.adapter = self.adapter, None
        return self.end(process, signal.SIGTERM)

    def close(self):
        """Everything ends, whatever state it is in."""
        for link in self.links:
            link.close()
        if self.admin_socket:
            self.admin_socket.close()
        for process in (self.adapter, self.broker):
            if process and process.poll() is None:
                process.kill()
                process.wait(10)
        for agency in self.agencies.values():
            agency.stop()

    def tail(self, path, lines=15):
        with open(path, encoding="utf-8", errors="replace") as file:
            return "".join(file.readlines()[-lines:])

    def memory_bytes(self):
        """What the broker holds for itself: pages of the store's map, which the kernel may drop, do not count."""
        with open(f"/proc/{self.broker.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith("RssAnon"))

    # ---- the agencies behind the adapter

    def start_agencies(self, *codes, results=False, total_timeout="1s"):
        """Simulated agencies, idempotent where the directory says so, and the adapter.yaml that serves them."""
        text = (f"gateway: {{ endpoint: \"{self.endpoint}\", public_key_file: keys/gateway.public }}\n"
                "rules: rules\nagencies:\n")
        for code in codes or THREE:
            agency = AgencyProcess(code, self.folder, idempotent=CLASSES[code] == "idempotent", results=results)
            self.agencies[code] = agency.start()
            probe = ", probe: \"/handoffs/{idempotency_key}\"" if CLASSES[code] == "probe" else ""
            text += (f"  - code: {code}\n    secret_key_file: keys/{code}.secret\n    dialect: rest\n"
                     f"    base_url: http://127.0.0.1:{agency.port}\n    https_only: false\n    reach: loopback\n"
                     f"    paths: {{ create: /handoffs{probe} }}\n"
                     "    mappings: { \"*\": mappings/rest-forward.yaml }\n"
                     f"    connect_timeout: 500ms\n    total_timeout: {total_timeout}\n")
            text += f"    {PULL}\n" if results else ""
        self.write("adapter.yaml", text)
        return self.agencies

    # ---- questions

    def link(self, code=None, roles=SENDER, hello=True, **options):
        """A connection as that agency, closed at the end of the test."""
        link = Link(self.endpoint, self.path("keys/gateway.public"), self.path(f"keys/{code}.secret"))
        self.links.append(link)
        if hello:
            link.hello(roles, **options)
        return link

    def blob_link(self, code):
        """The same on the socket for attachments."""
        link = BlobLink(self.blob_endpoint, self.path("keys/gateway.public"), self.path(f"keys/{code}.secret"))
        self.links.append(link)
        return link

    def admin(self, verb, seconds=10, **fields):
        """A verb over the admin socket, as the console would; a refusal is raised."""
        if not self.admin_socket:
            self.admin_socket = zmq.Context.instance().socket(zmq.DEALER)
            self.admin_socket.linger = 0
            self.admin_socket.reconnect_ivl = 50
            self.admin_socket.connect(f"ipc://{self.path('run/admin.sock')}")
            self.asked = 0
        self.asked += 1
        envelope = pb.Envelope(correlation=self.asked, admin=pb.Admin(verb=verb, **fields))
        self.admin_socket.send(b"\x01" + envelope.SerializeToString())
        while self.admin_socket.poll(int(seconds * 1000)):
            answer = pb.Envelope.FromString(self.admin_socket.recv()[1:])
            if answer.correlation == self.asked:
                refused = answer.refused if answer.HasField("refused") else answer.admin_reply.refused
                if refused.type:
                    raise Refusal(refused)
                return answer.admin_reply
        raise AssertionError(f"no answer to {verb}:\n{self.tail(self.broker_log)}")

    def handoff(self, handoff_id):
        return self.admin("show", handoff_id=handoff_id).handoffs[0]

    def state(self, handoff_id):
        return STATE(self.handoff(handoff_id).state)

    def wait_state(self, handoff_id, *states, seconds=10):
        def reached():
            view = self.handoff(handoff_id)
            return view if view.state in states else None
        return wait_for(reached, seconds, lambda: f"{[state.name for state in states]}\n{self.handoff(handoff_id)}"
                        f"\n{self.tail(self.broker_log)}{self.tail(self.adapter_log) if self.adapter else ''}")

    def agency(self, code):
        return next(view for view in self.admin("agencies", code=code).agencies if view.code == code)

    def facts(self):
        return dict(self.admin("status").facts)

    def handoffs(self, **filter_fields):
        """All that match, page by page."""
        found, after = [], 0
        while True:
            page = self.admin("list", filter=pb.Filter(**filter_fields), after_id=after)
            found += page.handoffs
            if not page.more or not page.handoffs:
                return found
            after = page.handoffs[-1].handoff_id

    def cli(self, *arguments, code=0, site=True, seconds=30, text=None):
        """Runs the command line. With --json among the arguments its document, else its standard output."""
        command = [os.path.join(BUILD, "lienthong"), *arguments, *(["--site", self.folder] if site else [])]
        environment = {**os.environ, "LIENTHONG_LANG": "en"}
        ran = subprocess.run(command, capture_output=True, text=True, timeout=seconds, input=text, env=environment)
        assert ran.returncode == code, f"{arguments} gave {ran.returncode}:\n{ran.stdout}\n{ran.stderr}"
        return json.loads(ran.stdout) if "--json" in arguments else ran.stdout + ran.stderr
