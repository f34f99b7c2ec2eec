#!/usr/bin/python3
"""`make demo`: a day of handoffs on the network of Ho Chi Minh City 2023, between real processes, told as it happens.

Ends with a table that is counted in the receivers' own books and compared with the store; exit status 1 when anything
is lost, doubled or does not agree. KEEP=1 leaves everything running. README.md in this folder says what is shown.
"""
import os
import signal
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
os.environ.setdefault("LIENTHONG_BUILD", os.path.join(os.path.dirname(TESTS), "build"))
sys.path[:0] = [HERE, os.path.join(TESTS, "client"), os.path.join(TESTS, "agencies"),
                os.path.join(os.environ["LIENTHONG_BUILD"], "gen", "python")]

from place import Place                         # noqa: E402  (the path comes first)
from story import Story                         # noqa: E402
from tell import clock, line, paint, quote, say     # noqa: E402
from work import BAD_BIRTH, POLICE, QUAN_7, WHOLE_BIRTH, dossier     # noqa: E402

SECONDS_MAX = 115                               # for all of it


def say_how_to_look(place):
    lienthong = os.path.join(os.environ["LIENTHONG_BUILD"], "lienthong")
    script = place.write_stop_script()
    line()
    say("Để lại chạy (KEEP=1). Xem bằng:", "left running; look at it with:")
    for command in (f"export LIENTHONG_SITE={place.folder}     # LIENTHONG_LANG=en: English", f"{lienthong} status",
                    f"{lienthong} agencies", f"{lienthong} list --agency {POLICE}",
                    f"{lienthong} track {dossier(QUAN_7, BAD_BIRTH)}",
                    f"{lienthong} track {dossier(QUAN_7, WHOLE_BIRTH)}", f"{lienthong} show ID",
                    f"tail -f {place.path('log', 'lienthongd.log')}",
                    f"less {place.path('books', POLICE + '.book.jsonl')}"):
        line(f"    {command}")
    say("Các hệ thống bằng Python (ba một cửa, BHXH Thành phố) đã dừng cùng bản diễn này; còn lại:",
        "the one-stops and the city's insurance ended with this demo; still there:")
    line("    " + ", ".join(f"{name} {pid}" for name, pid in place.pids().items()))
    say(f"Dừng tất cả và xóa thư mục: {script}", "stops everything and removes the folder")


def too_late(*_):
    raise TimeoutError(f"chưa xong sau {SECONDS_MAX} giây / not done within {SECONDS_MAX} seconds")


def main():
    signal.signal(signal.SIGINT, signal.default_int_handler)   # also where a shell started us with it ignored
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGALRM, too_late)
    signal.alarm(SECONDS_MAX)
    place = Place()
    story, good, keep = Story(place), False, os.environ.get("KEEP", "") not in ("", "0")
    try:
        good = story.tell()
    except KeyboardInterrupt:
        line("\n  Dừng theo yêu cầu. / Stopped as asked.")
        keep = False
    except Exception as trouble:
        line(paint(f"\n  ✗ [{clock()}] {type(trouble).__name__}: {trouble}", "1;31"))
        for name in ("lienthongd", "lienthong-adapter", *place.died()):
            quote(f"{name}:\n{place.log_end(name)}")
    finally:
        signal.alarm(0)
        story.stop_one_stops()
        if keep:
            say_how_to_look(place)
        else:
            place.stop()
            place.remove()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
