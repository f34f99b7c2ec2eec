"""liblienthong as its users meet it: the example programs, and a program built against the installed library."""
import os
import shlex
import subprocess

import pytest

from gateway import BUILD, COUNTER, POLICE, ROOT, wait_for
from words import STATE

EXAMPLES = os.path.join(ROOT, "tests/examples")


def arguments_of(gateway, code):
    return [gateway.endpoint, gateway.path("keys/gateway.public"), gateway.path(f"keys/{code}.secret")]


def hand_over(gateway, send, receive):
    """The two example programs meet through the gateway, which is killed in between."""
    gateway.start_broker()
    dossier = gateway.dossier()
    sender = subprocess.Popen([send, *arguments_of(gateway, COUNTER), COUNTER, POLICE, dossier], stdout=subprocess.PIPE,
                              text=True)
    [view] = wait_for(lambda: gateway.handoffs(dossier_code=dossier) if known(gateway) else None, 10, "handed off")
    gateway.kill_broker()
    gateway.start_broker()
    assert sender.poll() is None, "it follows, over the crash"
    receiver = subprocess.run([receive, *arguments_of(gateway, POLICE), "1"], capture_output=True, text=True,
                              timeout=20)
    assert receiver.returncode == 0, receiver.stderr
    assert dossier in receiver.stdout and f"live-{view.handoff_id:016x}" in receiver.stdout
    output = sender.communicate(timeout=20)[0]
    assert sender.returncode == 0 and "DELIVERED" in output, output
    assert gateway.state(view.handoff_id) == STATE.DELIVERED


def known(gateway):
    return gateway.facts()["handoffs"] != "0"


def test_the_examples(gateway):
    hand_over(gateway, os.path.join(BUILD, "tests/send_dossier"), os.path.join(BUILD, "tests/receive"))


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """make install DESTDIR=, as a packager does."""
    folder = str(tmp_path_factory.mktemp("installed"))
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    ran = subprocess.run(["make", "-C", ROOT, f"BUILD={os.path.relpath(BUILD, ROOT)}", "install", f"DESTDIR={folder}",
                          "prefix=/usr"], capture_output=True, text=True, env=environment, timeout=300)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return folder


def compile_with_pkg_config(installed, source, target, static=False):
    """`static`: our library alone goes into the program; libzmq and the rest stay shared."""
    environment = {**os.environ, "PKG_CONFIG_PATH": f"{installed}/usr/lib/pkgconfig",
                   "PKG_CONFIG_SYSROOT_DIR": installed}
    told = subprocess.run(["pkg-config", "--cflags", "--libs", "lienthong"], capture_output=True, text=True,
                          env=environment)
    assert told.returncode == 0, told.stderr
    flags = shlex.split(told.stdout)
    if static:
        flags = ["-l:liblienthong.a" if flag == "-llienthong" else flag for flag in flags]
        flags += ["-lzmq", "-lsodium", "-lcrypto"]
    ran = subprocess.run(["cc", "-Wall", "-Wextra", "-Werror", "-o", target, source, *flags,
                          f"-Wl,-rpath,{installed}/usr/lib"], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr


def test_a_program_built_with_the_installed_library(gateway, installed, tmp_path):
    send, receive = str(tmp_path / "send"), str(tmp_path / "receive")
    compile_with_pkg_config(installed, f"{EXAMPLES}/send_dossier.c", send)
    compile_with_pkg_config(installed, f"{EXAMPLES}/receive.c", receive, static=True)
    assert "liblienthong.so" in subprocess.run(["ldd", send], capture_output=True, text=True).stdout
    assert "liblienthong" not in subprocess.run(["ldd", receive], capture_output=True, text=True).stdout
    hand_over(gateway, send, receive)


def test_what_is_installed(installed):
    for name in ("bin/lienthong", "bin/lienthongd", "bin/lienthong-adapter", "lib/liblienthong.so",
                 "lib/liblienthong.a", "lib/pkgconfig/lienthong.pc"):
        assert os.path.exists(f"{installed}/usr/{name}"), name
    names = subprocess.run(["nm", "-D", "--defined-only", f"{installed}/usr/lib/liblienthong.so"], capture_output=True,
                           text=True).stdout.split("\n")
    shown = [line.split()[-1] for line in names if " T " in line]
    assert shown and all(name.startswith("lienthong_") for name in shown)


def test_an_installed_command_line_finds_its_networks(installed, tmp_path):
    ran = subprocess.run([f"{installed}/usr/bin/lienthong", "init", str(tmp_path / "site"), "--network", "hcmc-2023"],
                         capture_output=True, text=True, timeout=30)
    assert ran.returncode == 0, ran.stderr
    assert os.path.exists(tmp_path / "site/directory/gateway.yaml")
    checked = subprocess.run([f"{installed}/usr/bin/lienthong", "check-config", "--site", str(tmp_path / "site")],
                             capture_output=True, text=True, timeout=30)
    assert checked.returncode == 0, checked.stdout + checked.stderr
