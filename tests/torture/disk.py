"""What a disk may hold after the power went: a recording (record.h) played up to a cut, and one of the states
possible then.

The rules are those of POSIX, not of one file system. What fsync or fdatasync of a file had returned for is there:
content and size. A write through a file opened with O_DSYNC is there once it has returned, alone. A name (create,
rename, unlink, mkdir) is there once its folder was synced; a rename is one step. Of everything else any part may
be there: each sector for itself, each name for itself, in any of the versions it had since. The call at the cut
had not returned: it is under way.
"""
import os
import random
import struct

RECORD = struct.Struct("<IIQQQIHH")
MAGIC = 0x5245434c
(CREATE, MKDIR, RESIZE, WRITE, WRITE_SYNCED, ALLOCATE, SYNC, SYNC_FOLDER, RENAME, UNLINK, LINK, MARK) = range(1, 13)
PAGE = 4096
NAMES = (CREATE, MKDIR, RENAME, UNLINK, LINK)
SYNCS = (SYNC, SYNC_FOLDER, WRITE_SYNCED)


class Record:
    __slots__ = ("kind", "inode", "offset", "extra", "path", "to", "data")

    def __init__(self, kind, inode, offset, extra, path, to, data):
        self.kind, self.inode, self.offset, self.extra = kind, inode, offset, extra
        self.path, self.to, self.data = path, to, data


def mark(text):
    """The bytes of a mark, to be appended to a log in one write()."""
    data = text.encode()
    return RECORD.pack(MAGIC, MARK, 0, 0, 0, len(data), 0, 0) + data


def read_log(path):
    with open(path, "rb") as file:
        data = file.read()
    records, at = [], 0
    while at < len(data):
        magic, kind, inode, offset, extra, size, path_size, to_size = RECORD.unpack_from(data, at)
        assert magic == MAGIC, f"{path}: no record at byte {at}"
        at += RECORD.size
        name, to = data[at:at + path_size].decode(), data[at + path_size:at + path_size + to_size].decode()
        at += path_size + to_size
        records.append(Record(kind, inode, offset, extra, name, to, data[at:at + size]))
        at += size
    return records


class File:
    """One inode: what is certainly on disk, and the changes since, in order."""

    def __init__(self):
        self.bytes, self.pending = bytearray(), []

    def write(self, offset, data):
        self.pending.append((WRITE, offset, data))

    def resize(self, size):
        self.pending.append((RESIZE, size, b""))

    def allocate(self, size):
        self.pending.append((ALLOCATE, size, b""))

    @staticmethod
    def put(content, kind, offset, data):
        if kind == RESIZE:
            del content[offset:]
        end = offset + len(data)
        if end > len(content):
            content.extend(bytes(end - len(content)))
        content[offset:end] = data

    def sync(self):
        for change in self.pending:
            self.put(self.bytes, *change)
        self.pending.clear()

    def sync_range(self, offset, size):
        """The pages of one O_DSYNC write, as the cache holds them, and nothing else of the file."""
        begin, end = offset // PAGE * PAGE, -(-(offset + size) // PAGE) * PAGE
        left = []
        for kind, at, data in self.pending:
            if kind != WRITE or at + len(data) <= begin or at >= end:
                left.append((kind, at, data))
                continue
            low, high = max(at, begin), min(at + len(data), end)
            self.put(self.bytes, WRITE, low, data[low - at:high - at])
            left += [(WRITE, at, data[:low - at])] if at < low else []
            left += [(WRITE, high, data[high - at:])] if high < at + len(data) else []
        self.pending = left

    def perhaps(self, dice, chance, sector):
        """One content that may be there."""
        content, end = bytearray(self.bytes), len(self.bytes)
        for kind, at, data in self.pending:
            if kind != WRITE:
                if dice.random() < chance:
                    self.put(content, kind, at, data)
                continue
            first, last = at // sector, (at + len(data) - 1) // sector
            for number in range(first, last + 1):
                low, high = max(at, number * sector), min(at + len(data), (number + 1) * sector)
                if dice.random() < chance:
                    self.put(content, WRITE, low, data[low - at:high - at])
        if len(content) > end and dice.random() < 0.25:         # the new size had not come, or not all of it
            del content[dice.randrange(end, len(content) + 1):]
        return content


class Folder:
    pass


class Disk:
    def __init__(self):
        self.inodes, self.names, self.now, self.changes = {}, {"": Folder()}, {"": Folder()}, []

    def file(self, inode):
        return self.inodes.setdefault(inode, File())

    @staticmethod
    def folders(change):
        return {os.path.dirname(path) for path in change[1:3] if path is not None}

    @staticmethod
    def apply_name(names, change):
        kind, path, to, thing = change
        if kind in (CREATE, MKDIR):
            names[path] = thing
        elif kind == UNLINK:
            names.pop(path, None)
        else:
            if kind == RENAME:
                names.pop(path, None)
            names[to] = thing

    def name(self, kind, path, to, thing):
        change = (kind, path, to, thing)
        self.apply_name(self.now, change)
        self.changes.append(change)

    def play(self, record, returned=True):
        """`returned` False: the call was under way."""
        kind = record.kind
        if kind == CREATE:
            self.inodes[record.inode] = File()
            self.name(CREATE, record.path, None, self.inodes[record.inode])
        elif kind == MKDIR:
            self.name(MKDIR, record.path, None, Folder())
        elif kind in (RENAME, LINK):
            self.name(kind, record.path, record.to, self.now[record.path])
        elif kind == UNLINK:
            self.name(UNLINK, record.path, None, None)
        elif kind in (WRITE, WRITE_SYNCED):
            self.file(record.inode).write(record.offset, record.data)
            if kind == WRITE_SYNCED and returned:
                self.file(record.inode).sync_range(record.offset, len(record.data))
        elif kind == RESIZE:
            self.file(record.inode).resize(record.offset)
        elif kind == ALLOCATE:
            self.file(record.inode).allocate(record.offset + record.extra)
        elif kind == SYNC and returned:
            self.file(record.inode).sync()
        elif kind == SYNC_FOLDER and returned:
            left = []
            for change in self.changes:
                if record.path in self.folders(change):
                    self.apply_name(self.names, change)
                else:
                    left.append(change)
            self.changes = left

    def perhaps(self, dice):
        """{path: bytes, or None for a folder} of one state that may be there; folders before what is in them."""
        sector = dice.choice((512, PAGE))
        some, names_some = (dice.choice((0, 0.03, 0.5, 0.97, 1)) for _ in range(2))
        names = dict(self.names)
        for change in self.changes:
            if dice.random() < names_some:
                self.apply_name(names, change)
        found = {}
        for path in sorted(names):
            if not path:
                continue
            if os.path.dirname(path) and found.get(os.path.dirname(path), b"") is not None:
                continue                                        # its folder is not there
            thing = names[path]
            if isinstance(thing, Folder):
                found[path] = None
            elif os.path.basename(path) == "lock.mdb":          # written through a mapping: anything
                found[path] = dice.choice((b"", bytes(8192), dice.randbytes(8192)))
            else:
                found[path] = bytes(thing.perhaps(dice, some, sector))
        return found


def write_tree(tree, folder):
    for path, content in tree.items():
        where = os.path.join(folder, path)
        if content is None:
            os.mkdir(where, 0o700)
            continue
        with open(where, "wb") as file:
            if content.strip(b"\0"):
                file.write(content)
            else:
                file.truncate(len(content))
        os.chmod(where, 0o600)


def boundaries(records):
    """A cut just before and just after each sync returned."""
    found = set()
    for number, record in enumerate(records):
        if record.kind in SYNCS:
            found |= {number, number + 1}
    return sorted(found)


def choose(records, count, dice):
    """Half of them at syncs, half anywhere; all syncs where there are not more."""
    edges = boundaries(records)
    cuts = set(edges if len(edges) <= count // 2 else dice.sample(edges, count // 2))
    while len(cuts) < min(count, len(records)):
        cuts.add(dice.randrange(1, len(records) + 1))
    return sorted(cuts)


def cut_at(records, cuts, seed):
    """For each cut, in order: (cut, tree, what was told before it). In half of the cuts the call there is under way."""
    disk, told, done = Disk(), [], 0
    for cut in cuts:
        for record in records[done:cut]:
            if record.kind == MARK:
                told.append(record.data.decode())
            else:
                disk.play(record)
        done = cut
        dice = random.Random(f"{seed}/{cut}")
        under_way = records[cut] if cut < len(records) and records[cut].kind != MARK and dice.random() < 0.5 else None
        if under_way:
            yield cut, perhaps_with(disk, under_way, dice), list(told)
        else:
            yield cut, disk.perhaps(dice), list(told)


def perhaps_with(disk, record, dice):
    """A state with one more call under way, without keeping that call."""
    saved_names, saved_now, saved_changes = dict(disk.names), dict(disk.now), list(disk.changes)
    saved_inodes = dict(disk.inodes)
    file = disk.inodes.get(record.inode) if record.kind not in NAMES else None
    saved_pending = list(file.pending) if file else None
    disk.play(record, returned=False)
    tree = disk.perhaps(dice)
    disk.names, disk.now, disk.changes, disk.inodes = saved_names, saved_now, saved_changes, saved_inodes
    if file:
        file.pending = saved_pending
    return tree
