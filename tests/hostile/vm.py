"""A small virtual machine with Debian's own kernel, for a test that needs what this machine's kernel does not have.

It has the host's files, read-only (9p), memory in place of /tmp and /run, two processors and no network device at all.
The kernel is fetched once by deploy/install-dependencies, unpacked into the build folder and never installed here.
A program in it says how it ended by a line on the second serial port; without that line it has failed, whatever came
before: a machine that does not boot, hangs or falls over is a failure with its reason.

    vm = Vm("build/vm")
    vm.fetch()
    ended = vm.run("cd /usr && ls", seconds=600)       # a line for /bin/sh; its output is shown meanwhile
    ended.status, ended.lines, ended.kernel, ended.why

Nothing outlives the test: the machine is ended with the process that started it, however that ends.
"""
import dataclasses
import os
import re
import shlex
import shutil
import subprocess
import tempfile
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PACKAGES = ("linux-image-amd64", "busybox-static")
MODULES = ("virtio_pci", "9pnet_virtio", "9p", "veth", "sch_netem")     # with what they need themselves
PROCESSORS, MEMORY_MIB = 2, 2048
# How the processor is had, the better way first, and how long it may take until vm_init speaks: some 3 and 15 s. There
# is a /dev/kvm that cannot run every kernel: who does not boot in time with the one way gets the other.
WAYS = (("kvm", 30), ("tcg", 240))


@dataclasses.dataclass
class Ended:
    """How a run ended. `status` None: it did not get that far, and `why` says what happened instead."""
    status: int | None
    lines: list
    kernel: str         # "6.1.0-56-amd64", "" when it did not boot
    how: str            # of WAYS
    why: str


def needs_of(module):
    """The modules that this one names in itself, as the file says it: no depmod is needed for that."""
    with open(module, "rb") as file:
        found = re.search(rb"\0depends=([^\0]*)\0", file.read())
    return [name for name in found[1].decode().split(",") if name] if found else []


def in_order(names, paths):
    """Paths of the modules, each after what it needs."""
    ordered = []

    def add(name):
        path = paths[name.replace("-", "_")]
        if path not in ordered:
            for need in needs_of(path):
                add(need)
            ordered.append(path)
    for name in names:
        add(name)
    return ordered


def cpio(entries):
    """An archive of (name, mode, bytes) in the form that the kernel unpacks (newc)."""
    parts = []
    for number, (name, mode, data) in enumerate([*entries, ("TRAILER!!!", 0, b"")], 1):
        fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0)
        head = b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
        parts += [head, b"\0" * (-len(head) % 4), data, b"\0" * (-len(data) % 4)]
    return b"".join(parts)


class Vm:
    def __init__(self, folder):
        self.folder = os.path.abspath(folder)
        self.kernel, self.modules = self.path("vmlinuz"), self.path("modules")
        self.busybox, self.first_files = self.path("busybox"), self.path("initramfs")
        self.console, self.errors = self.path("console.log"), self.path("qemu.log")

    def path(self, name):
        return os.path.join(self.folder, name)

    def fetch(self):
        """Once: qemu as a package, the kernel as files. CalledProcessError when they cannot be had."""
        program = os.path.join(ROOT, "deploy", "install-dependencies")
        subprocess.run([program, "wan"], check=True)
        if os.path.exists(self.kernel):
            return
        os.makedirs(self.folder, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.folder) as unpacked:
            subprocess.run([program, "unpack", unpacked, *PACKAGES], check=True)
            paths = {}
            for folder, _, names in os.walk(os.path.join(unpacked, "lib", "modules")):
                paths |= {name[:-3].replace("-", "_"): os.path.join(folder, name) for name in names
                          if name.endswith(".ko")}
            shutil.rmtree(self.modules, ignore_errors=True)
            os.mkdir(self.modules)
            for number, path in enumerate(in_order(MODULES, paths)):
                shutil.copy(path, os.path.join(self.modules, f"{number:02}-{os.path.basename(path)}"))
            shutil.copy(os.path.join(unpacked, "bin", "busybox"), self.busybox)
            kernel, = (name for name in os.listdir(os.path.join(unpacked, "boot")) if name.startswith("vmlinuz-"))
            shutil.copy(os.path.join(unpacked, "boot", kernel), self.kernel + ".new")
        os.rename(self.kernel + ".new", self.kernel)        # last: it says that all the others are there

    def initramfs(self, command):
        """The machine's first files: vm_init, which loads the modules, mounts the host's files and runs the command."""
        def content(path):
            with open(path, "rb") as file:
                return file.read()
        entries = [(name, 0o040755, b"") for name in ("bin", "modules", "host", "proc", "sys", "dev")]
        entries += [("init", 0o100755, content(os.path.join(HERE, "vm_init"))),
                    ("bin/busybox", 0o100755, content(self.busybox)),
                    ("project", 0o100644, ROOT.encode()), ("command", 0o100644, command.encode())]
        entries += [(f"modules/{name}", 0o100644, content(os.path.join(self.modules, name)))
                    for name in sorted(os.listdir(self.modules))]
        return cpio(entries)

    def qemu(self, how):
        shares = []
        for name, folder in (("host-files", "/"), ("project-files", ROOT)):
            shares += ["-fsdev", f"local,id={name},path={folder.replace(',', ',,')},readonly=on,security_model=none,"
                       "multidevs=remap", "-device", f"virtio-9p-pci,fsdev={name},mount_tag={name}"]
        return ["setpriv", "--pdeathsig", "KILL", "qemu-system-x86_64", "-nodefaults", "-no-user-config",
                "-no-reboot", "-display", "none", "-nic", "none", "-accel", how, "-cpu", "max",
                "-smp", str(PROCESSORS), "-m", str(MEMORY_MIB), "-kernel", self.kernel, "-initrd", self.first_files,
                "-append", "console=ttyS0 panic=-1 loglevel=6", "-serial", f"file:{self.console}",
                "-serial", "stdio", *shares]

    def run(self, command, seconds, show=print):
        """Runs the command for /bin/sh as root, with the test's environment; its lines are shown as they come."""
        words = {name: value for name, value in os.environ.items()
                 if name.startswith(("LIENTHONG_", "PYTHON", "UBSAN_"))}
        exports = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in words.items())
        with open(self.first_files, "wb") as file:
            file.write(self.initramfs(exports + command + "\n"))
        open(self.errors, "wb").close()             # what each way says is added
        for how, boot_seconds in WAYS:
            if how == "kvm" and not os.access("/dev/kvm", os.R_OK | os.W_OK):
                continue
            with open(self.errors, "ab") as errors, subprocess.Popen(
                    self.qemu(how), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors) as process:
                ended = follow(process, boot_seconds, seconds, show)
            ended.how = how
            if ended.kernel:
                break
        return ended


def follow(process, boot_seconds, seconds, show):
    """Until the machine is off, or was given up."""
    ended, late = Ended(None, [], "", "", ""), []

    def give_up(what):
        late.append(what)
        process.kill()
    timers = [threading.Timer(limit, give_up, [what]) for limit, what in (
        (boot_seconds, f"did not boot within {boot_seconds} s"), (seconds, f"was not done after {seconds} s"))]
    for timer in timers:
        timer.start()
    try:
        for raw in process.stdout:
            line = raw.decode("utf-8", "replace").rstrip("\r\n")
            if said := re.fullmatch(r"vm_init: up (\S+)", line):
                ended.kernel = said[1]
                timers[0].cancel()
            elif said := re.fullmatch(r"vm_init: ended (\d+)", line):
                ended.status = int(said[1])
            else:
                ended.lines.append(line)
                show(line)
    finally:
        for timer in timers:
            timer.cancel()
        process.kill()
    if ended.status is None:
        ended.why = f"the virtual machine {late[0] if late else 'fell over' if ended.kernel else 'did not boot'}"
    return ended
