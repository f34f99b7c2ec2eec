#!/usr/bin/python3
"""The benchmark: one client, the gateway and one adapter against Debian's nginx, beside a bare libcurl loop against the
same nginx, in one run on one machine. Prints "name: value" lines; README.md says what bounds them.

    bench.py [--handoffs 100000] [--backlog 500000] [--only e2e,latency,backlog,neighbour] [--folder DIR] [--fast]
             [--ordinary]

--fast is a fifth of the handoffs and a tenth of the backlog. --only growth measures the table in README.md.

Everything listens on loopback; the store lies in a real folder (build/bench-run) and really syncs. Ends with
"N passed, N failed": one per figure that has a bound.
"""
import argparse
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "client"))

from ports import free_port, free_port_pair     # noqa: E402  (the path comes first)

BUILD = os.environ.get("LIENTHONG_BUILD", os.path.join(os.getcwd(), "build"))
HEALTHY, DEAD, NEIGHBOUR = "G01.29", "G24.29", "G12.29"     # police, insurance, tax of the example network
MORE = ("G01.29.07", "G01.29.16", "G01.29.23")              # healthy too, for the table
SENDER, OTHER_SENDER = "H29.07.00", "H29.16.00"
BODY_BYTES = 1024
IN_FLIGHT = 64
RATE = 200
E2E_ROUNDS = 9
NEIGHBOUR_PAIRS = 5
BACKLOG_PAIRS = 7
PRIORITY = 20
FLUSHER = re.compile(r"kworker/\d+:\d+H")       # the kernel's workers of high priority, kblockd's among them
TICK_US = 1000000 // os.sysconf("SC_CLK_TCK")

# figure -> (least, most): what the gateway promises of itself
BOUNDS = {
    "e2e_to_bare": (0.60, None), "accept_p50_to_fdatasync": (1.0, 2.5), "cpu_us_per_handoff": (None, 65),
    "backlog_ratio": (0.90, None), "broker_anon_rss_mib": (None, 64), "restart_first_delivery_ms": (None, 1000),
    "neighbour_p99_ratio": (None, 1.5),
}
figures = {}


def say(name, value):
    figures[name] = value
    print(f"{name}: {value:.2f}" if isinstance(value, float) else f"{name}: {value}", flush=True)


def note(text):
    print(f"# {text}", file=sys.stderr, flush=True)


def wait_for(condition, seconds, what, every_s=0.002, log=None):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            said = open(log, encoding="utf-8").read().splitlines()[-1:] if log else []
            raise SystemExit(f"bench: {what}: not within {seconds} s {' '.join(said)}".rstrip())
        time.sleep(every_s)


def take_priority():
    """Real-time priority, round robin, for us and all that we start, the bare loop and the sink too: then neither what
    else runs here counts, nor that the ordinary scheduler lets each woken thread push another one out. False: not
    allowed."""
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(PRIORITY))
    except PermissionError:
        return False
    set_flushers(os.SCHED_FIFO, PRIORITY + 1)
    return True


def set_flushers(policy, priority):
    """The workers that hand a flush to the disk, which everybody here waits for: with ordinary priority they would wait
    for a core that nobody with real-time priority wants. They come and go."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            with open(f"/proc/{pid}/comm", encoding="utf-8") as file:
                if FLUSHER.match(file.read()):
                    os.sched_setscheduler(int(pid), policy, os.sched_param(priority))


def keep_flushers():
    """Before each measurement: those that have come since."""
    if os.sched_getscheduler(0) == os.SCHED_RR:
        set_flushers(os.SCHED_FIFO, PRIORITY + 1)


class Sink:
    """nginx that answers every POST at once, and counts. A request of 1 KiB fits into its first buffer."""

    def __init__(self, folder, behind):
        """`behind`: what is done when all is over, also when something fails."""
        self.port, self.asked = free_port(), 0
        os.makedirs(folder)
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        temp = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
        with open(f"{folder}/nginx.conf", "w", encoding="utf-8") as file:
            file.write(f"""
worker_processes 1; daemon off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 100000000; client_body_buffer_size 64k;
  client_header_buffer_size 4k; {temp}
  server {{ listen 127.0.0.1:{self.port}; default_type application/json;
    location /count {{ stub_status; }} location / {{ return 200 '{{"status":"accepted"}}'; }} }} }}
""")
        self.process = subprocess.Popen(["nginx", "-c", f"{folder}/nginx.conf"], stderr=subprocess.DEVNULL)
        behind.callback(self.process.wait)
        behind.callback(self.process.terminate)
        wait_for(self.answers, 10, "nginx")
        self.begin = 0
        self.begin = self.posts()

    def answers(self):
        try:
            self.posts()
            return True
        except OSError:
            return False

    def posts(self):
        """POSTs since the sink began; our own questions are not counted."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/count", timeout=5) as answer:
            requests = int(answer.read().decode().splitlines()[2].split()[2])
        self.asked += 1
        return requests - self.asked - getattr(self, "begin", 0)


class Gateway:
    def __init__(self, folder, sink):
        self.folder, self.sink, self.port = folder, sink, free_port_pair()
        run("lienthong", "init", folder, "--port", str(self.port), "--agencies", HEALTHY, "--base-port", str(sink.port))
        with open(f"{folder}/adapter.yaml", "w", encoding="utf-8") as file:
            file.write(f"""
gateway: {{ endpoint: "tcp://127.0.0.1:{self.port}", public_key_file: keys/gateway.public }}
rules: rules
agencies:
""" + "".join(f"""
  - code: {code}
    secret_key_file: keys/{code}.secret
    dialect: rest
    base_url: http://127.0.0.1:{port}
    https_only: false
    reach: loopback
    paths: {{ create: /handoffs }}
    requests: {IN_FLIGHT}
    credit: 1000
    connect_timeout: 2s
    total_timeout: 20s
""" for code, port in ((HEALTHY, sink.port), (NEIGHBOUR, HANG.port), *((code, sink.port) for code in MORE))))
        path = f"{folder}/directory/gateway.yaml"
        text = open(path, encoding="utf-8").read()
        text, changed = re.subn(r"in_flight: \d+", "in_flight: 1024", text)
        assert changed, "gateway.yaml says nothing of in_flight"
        open(path, "w", encoding="utf-8").write(text)
        self.broker = self.adapter = None

    def start_broker(self):
        self.log = open(f"{self.folder}/broker.log", "ab")
        self.broker = subprocess.Popen([f"{BUILD}/lienthongd", "--config", f"{self.folder}/broker.yaml"],
                                       stdout=self.log, stderr=self.log)

    def wait_ready(self):
        log = f"{self.folder}/broker.log"
        wait_for(lambda: b"event=ready" in open(log, "rb").read(), 20, "lienthongd", log=log)

    def start_adapter(self):
        log = open(f"{self.folder}/adapter.log", "ab")
        self.adapter = subprocess.Popen([f"{BUILD}/lienthong-adapter", "--config", f"{self.folder}/adapter.yaml"],
                                        stdout=log, stderr=log)
        wait_for(lambda: open(f"{self.folder}/adapter.log", "rb").read().count(b"event=connected") >= 2 + len(MORE), 20,
                 "adapter")

    def load(self, count, to=HEALTHY, rate=0, follow=False, sender=SENDER, background=False, body=BODY_BYTES):
        command = [f"{BUILD}/bench/submit_load", f"tcp://127.0.0.1:{self.port}", f"{self.folder}/keys/gateway.public",
                   f"{self.folder}/keys/{sender}.secret", sender, to, str(count), str(body), str(rate),
                   str(int(follow))]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        return process if background else finish(process)

    def store_bytes(self):
        out = run("lienthong", "--site", self.folder, "--json", "status")
        return int(json.loads(out)["facts"]["store_bytes"])

    def stop(self):
        for process in (self.adapter, self.broker):
            if process and process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in (self.adapter, self.broker):
            if process:
                process.wait(30)


def begin_gateway(folder, sink, behind):
    """One that takes and delivers; `behind` stops it."""
    gateway = Gateway(os.path.abspath(folder), sink)
    behind.callback(gateway.stop)
    gateway.start_broker()
    gateway.wait_ready()
    gateway.start_adapter()
    return gateway


class Hang:
    """An agency that takes connections and never answers: a listening socket that nobody reads."""

    def __init__(self):
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(1024)
        self.port = self.listener.getsockname()[1]


def finish(process):
    out, _ = process.communicate()
    if process.returncode:
        raise SystemExit(f"bench: the client failed ({process.returncode})")
    return {name: float(value) for name, value in (line.split() for line in out.splitlines())}


def run(program, *arguments):
    return subprocess.run([f"{BUILD}/{program}", *arguments], check=True, capture_output=True, text=True).stdout


def cpu_us(process):
    fields = open(f"/proc/{process.pid}/stat", encoding="ascii").read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_US


def anon_rss_mib(process):
    for line in open(f"/proc/{process.pid}/status", encoding="ascii"):
        if line.startswith("RssAnon"):
            return int(line.split()[1]) / 1024
    return 0.0


def fdatasync_us(folder, pause_s):
    """Median of 400, of one 4 KiB block each, `pause_s` apart: after a pause the disk and the processor have to be
    woken, and at 200 a second that is so for each accept."""
    path, times = f"{folder}/sync", []
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    os.write(file, bytes(1 << 20))
    os.fsync(file)
    for i in range(400):
        time.sleep(pause_s)
        os.pwrite(file, os.urandom(4096), (i % 256) * 4096)
        begin = time.perf_counter()
        os.fdatasync(file)
        times.append((time.perf_counter() - begin) * 1e6)
    os.close(file)
    os.unlink(path)
    return statistics.median(times)


def bare(sink, count):
    out = subprocess.run([f"{BUILD}/bench/bare_post", f"http://127.0.0.1:{sink.port}/handoffs", str(count),
                          str(BODY_BYTES), str(IN_FLIGHT)], check=True, capture_output=True, text=True).stdout
    return {name: float(value) for name, value in (line.split() for line in out.splitlines())}


def end_to_end(gateway, count, **load):
    """Handoffs a second from the first SUBMIT to the last POST, and what the client said."""
    keep_flushers()
    before = gateway.sink.posts()
    client = gateway.load(count, **load)
    wait_for(lambda: gateway.sink.posts() - before >= count, 300, "the last POST")
    seconds = time.monotonic() - client["first_submit_s"]
    time.sleep(0.2)
    posts = gateway.sink.posts() - before
    if posts != count:
        raise SystemExit(f"bench: {count} handoffs, {posts} requests at the sink")
    return count / seconds, client


def e2e_once(gateway, sink, count):
    """One round; the bare loop before and after it, so that the machine's mood is in both."""
    begin = bare(sink, count)
    before = {"broker": cpu_us(gateway.broker), "adapter": cpu_us(gateway.adapter)}
    per_s, client = end_to_end(gateway, count)
    cpu = {"broker": cpu_us(gateway.broker) - before["broker"], "adapter": cpu_us(gateway.adapter) - before["adapter"],
           "client": client["cpu_us"]}
    end = bare(sink, count)
    bare_per_s, bare_cpu_us = (begin["per_s"] + end["per_s"]) / 2, (begin["cpu_us"] + end["cpu_us"]) / 2
    return {
        "bare_post_per_s": bare_per_s, "bare_cpu_us_per_post": bare_cpu_us / count,
        "e2e_per_s": per_s, "e2e_to_bare": per_s / bare_per_s,
        **{f"{program}_cpu_us_per_handoff": us / count for program, us in cpu.items()},
        "cpu_us_per_handoff": sum(cpu.values()) / count, "cpu_to_bare": sum(cpu.values()) / bare_cpu_us,
    }


def bench_e2e(gateway, sink, count):
    """The middle of a few rounds, figure by figure; each round's ratio on standard error."""
    store_before = gateway.store_bytes()
    rounds = [e2e_once(gateway, sink, count) for _ in range(E2E_ROUNDS)]
    for name in rounds[0]:
        say(name, statistics.median(one[name] for one in rounds))
    for one in rounds:
        note(f"e2e_to_bare {one['e2e_to_bare']:.2f}, CPU {one['cpu_us_per_handoff']:.1f} us beside a bare "
             f"{one['bare_cpu_us_per_post']:.1f} us")
    say("store_bytes_per_handoff", (gateway.store_bytes() - store_before) / count / E2E_ROUNDS)


def bench_latency(gateway, folder):
    gateway.load(1, follow=True)                           # the notices of what was handed off before come first
    sync = fdatasync_us(folder, 1 / RATE)
    client = gateway.load(3000, rate=RATE, follow=True)
    sync = (sync + fdatasync_us(folder, 1 / RATE)) / 2
    say("fdatasync_p50_ms", sync / 1000)
    say("fdatasync_back_to_back_p50_ms", fdatasync_us(folder, 0) / 1000)
    say("accept_p50_ms", client["accept_p50_us"] / 1000)
    say("accept_p99_ms", client["accept_p99_us"] / 1000)
    say("e2e_p50_ms", client["e2e_p50_us"] / 1000)
    say("accept_p50_to_fdatasync", client["accept_p50_us"] / sync)


def neighbour_once(gateway):
    """Accept and delivery p99 of one sender, quiet, and while another floods an agency that hangs."""
    keep_flushers()
    quiet = gateway.load(2000, rate=200, follow=True)
    flood = gateway.load(200000, to=NEIGHBOUR, sender=OTHER_SENDER, background=True)
    busy = gateway.load(2000, rate=200, follow=True)
    flood.kill()
    flood.wait()
    return {
        "quiet_accept_p99_ms": quiet["accept_p99_us"] / 1000, "quiet_e2e_p99_ms": quiet["e2e_p99_us"] / 1000,
        "neighbour_accept_p99_ms": busy["accept_p99_us"] / 1000, "neighbour_e2e_p99_ms": busy["e2e_p99_us"] / 1000,
        "neighbour_p99_ratio": max(busy["accept_p99_us"] / quiet["accept_p99_us"],
                                   busy["e2e_p99_us"] / quiet["e2e_p99_us"]),
    }


def bench_neighbour(gateway):
    """The middle of a few pairs, figure by figure: a p99 of ten seconds is what the machine did in a tenth of one."""
    pairs = [neighbour_once(gateway) for _ in range(NEIGHBOUR_PAIRS)]
    for name in pairs[0]:
        say(name, statistics.median(one[name] for one in pairs))
    note("neighbour_p99_ratio " + " ".join(f"{one['neighbour_p99_ratio']:.2f}" for one in pairs))


def bench_backlog(gateway, folder, count, backlog):
    """A second gateway has the backlog; rounds of both alternate, so that the machine's mood is in both."""
    note(f"{backlog} handoffs for an agency that nobody serves, in a second gateway")
    with contextlib.ExitStack() as behind:
        waiting = begin_gateway(folder, gateway.sink, behind)
        waiting.load(backlog, to=DEAD)
        pairs = [(end_to_end(gateway, count)[0], end_to_end(waiting, count)[0]) for _ in range(BACKLOG_PAIRS)]
        say("e2e_per_s_without_backlog", statistics.median(without for without, _ in pairs))
        say("e2e_per_s_with_backlog", statistics.median(with_backlog for _, with_backlog in pairs))
        ratios = [with_backlog / without for without, with_backlog in pairs]
        say("backlog_ratio", statistics.median(ratios))
        note("backlog_ratio " + " ".join(f"{ratio:.2f}" for ratio in ratios))
        say("broker_anon_rss_mib", anon_rss_mib(waiting.broker))
        bench_restart(waiting)


def bench_restart(gateway):
    """From exec of the broker to the first POST at the sink, with the backlog there and an adapter that comes back."""
    gateway.broker.kill()
    gateway.broker.wait()
    before = gateway.sink.posts()
    client = gateway.load(1, background=True)              # waits for the gateway like any other client
    time.sleep(1.0)
    begin = time.monotonic()
    gateway.start_broker()
    wait_for(lambda: gateway.sink.posts() > before, 60, "the first POST after a restart")
    say("restart_first_delivery_ms", (time.monotonic() - begin) * 1000)
    finish(client)


def bench_growth(gateway, count, backlog):
    """How handoffs a second and CPU time change with bodies, agencies, backlog. One after the other in one store."""
    def one(name, handoffs, **load):
        cpu_before = cpu_us(gateway.broker) + cpu_us(gateway.adapter)
        per_s, client = end_to_end(gateway, handoffs, **load)
        cpu = cpu_us(gateway.broker) + cpu_us(gateway.adapter) - cpu_before + client["cpu_us"]
        say(f"{name}_per_s", per_s)
        say(f"{name}_cpu_us", cpu / handoffs)

    for kib in (1, 4, 16, 64, 256):
        one(f"body_{kib}_kib", count // (1 if kib < 16 else 10), body=kib * 1024)
    one("agencies_2", count, to=",".join((HEALTHY, *MORE[:1])))
    one("agencies_4", count, to=",".join((HEALTHY, *MORE)))
    for more in (backlog // 10, backlog - backlog // 10):
        gateway.load(more, to=DEAD)
        one("backlog_tenth" if more < backlog / 2 else "backlog_all", count)
    one("body_1_kib_again", count)


def judge():
    passed = failed = 0
    for name, (least, most) in BOUNDS.items():
        if name not in figures:
            continue
        good = (least is None or figures[name] >= least) and (most is None or figures[name] <= most)
        passed, failed = passed + good, failed + (not good)
        if not good:
            print(f"# {name} is {figures[name]:.2f}, wanted {'' if least is None else f'at least {least} '}"
                  f"{'' if most is None else f'at most {most}'}", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def main():
    global HANG
    parser = argparse.ArgumentParser()
    parser.add_argument("--handoffs", type=int, default=100000)
    parser.add_argument("--backlog", type=int, default=500000)
    parser.add_argument("--only", default="e2e,latency,backlog,neighbour")
    parser.add_argument("--fast", action="store_true")
    parser.add_argument("--ordinary", action="store_true", help="no real-time priority")
    parser.add_argument("--folder", default=os.path.join(BUILD, "bench-run"))
    options = parser.parse_args()
    only = options.only.split(",")
    unknown = set(only) - {"e2e", "latency", "backlog", "neighbour", "growth"}
    if unknown:
        parser.error(f"--only: there is no {', '.join(sorted(unknown))}: e2e, latency, backlog, neighbour, growth")
    if options.fast:
        options.handoffs, options.backlog = options.handoffs // 5, options.backlog // 10
    shutil.rmtree(options.folder, ignore_errors=True)
    os.makedirs(options.folder)
    HANG = Hang()
    note("real-time priority for all" if not options.ordinary and take_priority() else "ordinary priority")
    with contextlib.ExitStack() as behind:
        behind.callback(shutil.rmtree, options.folder, ignore_errors=True)
        behind.callback(set_flushers, os.SCHED_OTHER, 0)
        sink = Sink(os.path.join(os.path.abspath(options.folder), "nginx"), behind)
        gateway = begin_gateway(os.path.join(options.folder, "site"), sink, behind)
        if "e2e" in only:
            bench_e2e(gateway, sink, options.handoffs)
        if "latency" in only:
            bench_latency(gateway, options.folder)
        if "backlog" in only:
            waiting = os.path.join(options.folder, "waiting")
            bench_backlog(gateway, waiting, min(options.handoffs, 30000), options.backlog)
        if "neighbour" in only:                     # which leaves some waiting in this one too
            bench_neighbour(gateway)
        if "growth" in only:
            bench_growth(gateway, options.handoffs // 4, options.backlog)
    return judge()


if __name__ == "__main__":
    sys.exit(main())
