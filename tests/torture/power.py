"""Power cuts: recordings, the states a disk may hold after a cut, and what must be true of each."""
import os
import shutil

import disk
from gateway import BUILD
from place import run, tool

LOAD_TURNS = 120


def make_site(folder, network):
    """A folder with keys and a directory for the program `load`."""
    site = os.path.join(folder, "site")
    run(os.path.join(BUILD, "lienthong"), "init", site, "--network", network, "--port", "7999", "--agencies",
        "G01.29.07")
    return site


def record_load(folder, site, seed, turns=LOAD_TURNS, *options):
    """Runs `load` with the recorder before it; gives the records and the folder it wrote below."""
    watched, log = os.path.join(folder, f"watched-{seed}"), os.path.join(folder, f"log-{seed}")
    os.mkdir(watched)
    run(tool("load"), "run", "--store", f"{watched}/store", "--directory", f"{site}/directory", "--seed", str(seed),
        "--turns", str(turns), "--log", log, *options,
        environment={"LD_PRELOAD": tool("recorder.so"), "TORTURE_FOLDER": watched, "TORTURE_LOG": log})
    records = disk.read_log(log)
    os.unlink(log)
    return records, watched


def rebuild(tree, told, folder):
    """Writes one possible state of the disk and what was told before it; gives the store's path."""
    shutil.rmtree(folder, ignore_errors=True)
    os.mkdir(folder)
    disk.write_tree(tree, folder)
    with open(os.path.join(folder, "told"), "w", encoding="ascii") as file:
        file.writelines(line + "\n" for line in told)
    return os.path.join(folder, "store")


def examine(store, site, told):
    """Faults of a rebuilt store, "" for none: the shipped check before and after, and the audit in between."""
    check = [os.path.join(BUILD, "lienthong"), "check-store", store, "--lang", "en"]
    audit = [tool("load"), "audit", "--store", store, "--directory", f"{site}/directory", "--told",
             os.path.join(os.path.dirname(store), "told")]
    try:
        if told:
            run(*check)
        run(*audit)
        run(*check)
    except AssertionError as fault:
        return str(fault)
    return ""


def name_of(records, cut):
    """Where a cut is, for the report."""
    record = records[cut] if cut < len(records) else None
    where = f", before call {record.kind} {record.path or record.inode}" if record else ""
    return f"cut {cut} of {len(records)}{where}"


def examine_cuts(records, cuts, seed, folder, site):
    """The faults of every cut."""
    faults = []
    for cut, tree, told in disk.cut_at(records, cuts, seed):
        fault = examine(rebuild(tree, told, folder), site, told)
        if fault:
            faults.append(f"SEED={seed} {name_of(records, cut)}: {fault}")
    return faults
