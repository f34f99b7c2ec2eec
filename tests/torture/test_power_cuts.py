"""The power goes at any moment: what was told is there. CUTS= says how many moments; half of them stand at a sync.

Recordings come from `load` (turns through the shipped core and store in one process) and from the shipped broker
with clients; each cut is a state the disk may hold then (disk.py), opened by the shipped code, checked and
audited.
"""
import os
import random
import shutil

import pytest

import disk
from gateway import NETWORK
from place import CUTS, SEED
from power import LOAD_TURNS, examine_cuts, make_site, record_load

PER_RECORDING = 20
OF_LOAD = max(CUTS * 6 // 10, 1)            # the rest is cut out of the broker's recordings: test_power_broker.py
LOAD_SEEDS = range(SEED, SEED + -(-OF_LOAD // PER_RECORDING))


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """A folder, and in it a site whose bodies are purged after a day, so that day keys come and go."""
    folder = tmp_path_factory.mktemp("power")
    network = folder / "network"
    shutil.copytree(NETWORK, network)
    text = (network / "gateway.yaml").read_text(encoding="utf-8")
    assert "purge_after: 30d" in text
    (network / "gateway.yaml").write_text(text.replace("purge_after: 30d", "purge_after: 1d"), encoding="utf-8")
    return str(folder), make_site(str(folder), str(network))


def test_recording_is_complete(work):
    """Played to its end with everything on disk, a recording gives the very files that are there."""
    folder, site = work
    records, watched = record_load(folder, site, 1000 + SEED, 4 * LOAD_TURNS)
    played = disk.Disk()
    for record in records:
        if record.kind != disk.MARK:
            played.play(record)
    for path, thing in played.now.items():
        where = os.path.join(watched, path)
        if isinstance(thing, disk.Folder):
            assert os.path.isdir(where)
            continue
        thing.sync()
        with open(where, "rb") as file:
            assert path.endswith("lock.mdb") or file.read() == thing.bytes, path
    there = {os.path.relpath(os.path.join(at, name), watched) for at, folders, files in os.walk(watched)
             for name in folders + files}
    assert there == set(played.now) - {""}
    blobs = [record.path for record in records if record.kind == disk.UNLINK and "/blobs/" in record.path]
    assert blobs and any("/blobs/" in path and "-" in path for path in there), "attachments came and went"
    dropped = [record.path for record in records if record.kind == disk.UNLINK and record.path.endswith(".key")]
    assert dropped and any(path.endswith(".key") for path in there), "keys came and went"


@pytest.mark.parametrize("seed", LOAD_SEEDS)
def test_cuts_of_load(work, seed):
    folder, site = work
    records, watched = record_load(folder, site, seed)
    cuts = disk.choose(records, min(PER_RECORDING, OF_LOAD), random.Random(seed))
    faults = examine_cuts(records, cuts, seed, f"{folder}/cut", site)
    shutil.rmtree(watched)
    print(f"seed {seed}: {len(cuts)} cuts of {len(records)} calls")
    assert not faults, "\n".join(faults)


def test_every_sync_of_a_short_recording(work):
    """Before and after each, where a forgotten sync shows."""
    folder, site = work
    turns = 8 if CUTS < 100 else 60
    records, watched = record_load(folder, site, 2000 + SEED, turns)
    cuts = disk.boundaries(records)
    faults = examine_cuts(records, cuts, SEED, f"{folder}/cut", site)
    shutil.rmtree(watched)
    print(f"{len(cuts)} cuts at syncs")
    assert not faults, "\n".join(faults)


def test_first_start_cut_at_every_call(work):
    """Nothing was told yet; the next start must find a way all the same, several states a cut."""
    folder, site = work
    records, watched = record_load(folder, site, 3000 + SEED, 1)
    first = next(number for number, record in enumerate(records) if record.kind == disk.MARK)
    faults = []
    for seed in range(2 if CUTS < 100 else 10):
        faults += examine_cuts(records, range(1, first + 1), seed, f"{folder}/cut", site)
    shutil.rmtree(watched)
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("fault", ["--no-sync", "--tell-early"])
def test_the_test_itself(work, fault):
    """Without syncs (MDB_NOSYNC), or with an answer before the commit, the same cuts must find losses."""
    folder, site = work
    records, watched = record_load(folder, site, 4000 + SEED + len(fault), 60, fault)
    cuts = disk.choose(records, 24, random.Random(SEED))
    faults = examine_cuts(records, cuts, SEED, f"{folder}/cut", site)
    shutil.rmtree(watched)
    assert len(faults) >= len(cuts) // 4, f"only {len(faults)} of {len(cuts)} cuts found the fault"
    assert all("told" in fault or "SEED" in fault for fault in faults)


def test_the_test_itself_for_attachments(work):
    """Everything synced but the files of attachments: the cuts must miss those, and nothing else."""
    folder, site = work
    records, watched = record_load(folder, site, 5000 + SEED, 60, "--no-blob-sync")
    cuts = disk.choose(records, 24, random.Random(SEED))
    faults = examine_cuts(records, cuts, SEED, f"{folder}/cut", site)
    shutil.rmtree(watched)
    assert len(faults) >= len(cuts) // 4, f"only {len(faults)} of {len(cuts)} cuts found the fault"
    assert all("blob " in fault for fault in faults), "\n".join(faults)
