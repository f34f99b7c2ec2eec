"""How the demo speaks: Vietnamese first, English beside it; one moving line while something is waited for; small
pictures in text."""
import os
import sys
import time
import unicodedata

STARTED = time.monotonic()
COLOUR = sys.stdout.isatty() and "NO_COLOR" not in os.environ
WIDE_VI = 66                                    # where English begins when both fit on one line


def clock():
    return f"{time.monotonic() - STARTED:5.1f}s"


def width(text):
    """Columns that a text takes on a terminal: combining marks take none."""
    return sum(0 if unicodedata.combining(c) else 1 for c in unicodedata.normalize("NFC", str(text)))


def pad(text, columns, right=False):
    fill = " " * max(0, columns - width(text))
    return fill + str(text) if right else str(text) + fill


def paint(text, code):
    return f"\033[{code}m{text}\033[0m" if COLOUR else text


def line(text=""):
    print(text, flush=True)


def scene(number, vi, en):
    line()
    line(paint(f"[{clock()}] {number}. {vi}", "1"))
    line(paint(f"          {en}", "2"))


def say(vi, en):
    if width(vi) <= WIDE_VI - 4 and width(vi) + width(en) <= 150:
        line(f"  {pad(vi, WIDE_VI)} {paint(en, '2')}")
    else:
        line(f"  {vi}")
        line(f"    {paint(en, '2')}")


def quote(text):
    """What a program printed, as it is."""
    for each in text.rstrip("\n").split("\n"):
        line("  │ " + each.rstrip())


class Progress:
    """`with Progress(...) as shown: shown(text)`: a moving line on a terminal, else a line every two seconds."""

    def __init__(self, vi, en):
        self.head, self.en, self.shown_at, self.last = vi, en, 0.0, ""

    def __enter__(self):
        return self

    def __call__(self, text):
        now = time.monotonic()
        self.last = text
        if COLOUR:
            print(f"\r\033[K  … {self.head}: {text}", end="", flush=True)
        elif now - self.shown_at >= 2:
            self.shown_at = now
            line(f"  … [{clock()}] {self.head} ({self.en}): {text}")

    def __exit__(self, kind, *_):
        if COLOUR:
            print("\r\033[K", end="", flush=True)
        if kind is None and self.last:
            say(f"{self.head}: {self.last}", self.en)


def wait_until(vi, en, look, seconds):
    """`look()` gives (done, text); asked until done. Past `seconds`: TimeoutError, which ends the demo as failed."""
    end = time.monotonic() + seconds
    with Progress(vi, en) as shown:
        while True:
            done, text = look()
            if done:
                shown.last = text
                return
            shown(text)
            if time.monotonic() > end:
                raise TimeoutError(f"{vi} / {en}: {text}, not within {seconds} s")
            time.sleep(0.15)


def table(head, rows, right_from=1, total=False):
    """Columns as wide as they need to be; from `right_from` on to the right. The last row is a sum when `total`. A head
    is "tiếng Việt|English": one under the other."""
    heads = [[each.split("|")[0] for each in head], [(each.split("|") + [""])[1] for each in head]]
    widths = [max(width(row[i]) for row in [*heads, *rows]) for i in range(len(head))]

    def put(row):
        return "  " + "  ".join(pad(cell, widths[i], i >= right_from) for i, cell in enumerate(row)).rstrip()

    rule = "  " + "─" * (sum(widths) + 2 * (len(widths) - 1))
    line(put(heads[0]))
    if any(heads[1]):
        line(paint(put(heads[1]), "2"))
    line(rule)
    for i, row in enumerate(rows):
        if total and i == len(rows) - 1:
            line(rule)
        line(put(row))


def curve(moments_ms, step_ms, from_ms):
    """When things arrived, a bar per step. Empty steps in a row are one line."""
    counts = {}
    for moment in moments_ms:
        bucket = int((moment - from_ms) // step_ms)
        counts[bucket] = counts.get(bucket, 0) + 1
    for bucket in range(min(counts), max(counts) + 1):
        count = counts.get(bucket, 0)
        line(f"    {pad(f'+{bucket * step_ms / 1000:.2f}s', 8, True)} {pad(count or '·', 4, True)} {'█' * count}")
