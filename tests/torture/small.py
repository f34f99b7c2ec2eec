"""A small disk of its own for a store: ext4 in a file, mounted through a loop device, or else a tmpfs of that size."""
import contextlib
import os
import subprocess

import pytest


def _run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False)


class SmallDisk:
    def __init__(self, folder, mebibytes, kind):
        self.folder, self.kind, image = os.path.join(folder, "disk"), kind, os.path.join(folder, "image")
        os.mkdir(self.folder)
        if kind == "ext4":
            with open(image, "wb") as file:
                file.truncate(mebibytes << 20)
            made = _run("/sbin/mkfs.ext4", "-q", "-F", "-m", "0", "-O", "^has_journal", image)
            made = made if made.returncode else _run("/bin/mount", "-o", "loop", image, self.folder)
        else:
            made = _run("/bin/mount", "-t", "tmpfs", "-o", f"size={mebibytes}m,mode=0700", "tmpfs", self.folder)
        self.mounted, self.why = made.returncode == 0, made.stderr.strip()
        self.hog = os.path.join(self.folder, "somebody-else")

    def free_bytes(self):
        disk = os.statvfs(self.folder)
        return disk.f_bfree * disk.f_frsize

    def fill(self, leave_bytes=0):
        """Somebody else takes the space, down to what is to be left; 0: all of it."""
        size = os.path.getsize(self.hog) if os.path.exists(self.hog) else 0
        with open(self.hog, "ab") as file, contextlib.suppress(OSError):
            if leave_bytes:
                os.posix_fallocate(file.fileno(), size, max(self.free_bytes() - leave_bytes, 1))
            else:
                while True:
                    os.write(file.fileno(), bytes(4096))

    def empty(self):
        if os.path.exists(self.hog):
            os.unlink(self.hog)

    def close(self):
        if self.mounted:
            done = _run("/bin/umount", self.folder)
            if done.returncode:
                _run("/bin/umount", "-l", self.folder)


def small_disk(folder, mebibytes, kind):
    """Mounted, or the test says loudly that it did not run; refused writes are tested without a mount too."""
    disk = SmallDisk(folder, mebibytes, kind)
    if not disk.mounted:
        pytest.skip(f"NOT TESTED: a {kind} of {mebibytes} MiB cannot be mounted here (root is needed): {disk.why}")
    return disk
