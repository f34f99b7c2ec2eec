"""What the checks share: which files there are, and how to report."""
import os
import sys

os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

SOURCE_ROOTS = ["gateway", "proto", "adapters", "tests", "deploy", ".ci"]
NOT_OURS = {"node_modules", "__pycache__", ".git", "build", "build-san"}


def files(*endings, roots=SOURCE_ROOTS):
    """Paths from the repository's root whose name ends so, in a stable order."""
    found = []
    for root in roots:
        for folder, folders, names in os.walk(root):
            folders[:] = sorted(set(folders) - NOT_OURS)
            found += [os.path.join(folder, name) for name in sorted(names) if name.endswith(endings)]
    return found


def read(path):
    with open(path, encoding="utf-8") as stream:
        return stream.read()


def close(checked, faults, warnings=()):
    """One fault line each, then the closing line that run-tests reads: a check is one test, however many files."""
    for warning in warnings:
        print(f"warning: {warning}")
    for fault in faults:
        print(fault)
    failed = bool(faults) or not checked
    print(f"{len(faults)} faults in {checked} files")
    print("0 passed, 1 failed" if failed else "1 passed, 0 failed")
    sys.exit(failed)
