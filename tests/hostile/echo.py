#!/usr/bin/python3
"""How long a line takes, measured by what has nothing to do with us: one byte there and back over plain TCP.

A test of bad lines that ran over a good one would show nothing, so each shows first that its line is bad.

    echo.py ADDRESS         listens, prints its port, gives back what it is sent
"""
import os
import socket
import statistics
import subprocess
import sys
import threading
import time

from line import FAR

ROUND_TRIPS = 5
CONNECT_SECONDS = 30        # a line of 10 % loses three SYNs in a row now and then


class Echo:
    """From a test: the process at the far end of the line, and questions to it."""

    def __init__(self, line):
        self.process = subprocess.Popen(line.command(sys.executable, os.path.abspath(__file__), FAR),
                                        stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def round_trip_ms(self):
        """The median of a few; a new connection each time, because an old one may still wait after a cut."""
        with socket.create_connection((FAR, self.port), CONNECT_SECONDS) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return statistics.median(self.one_ms(connection) for _ in range(ROUND_TRIPS))

    @staticmethod
    def one_ms(connection):
        begin = time.monotonic()
        connection.sendall(b".")
        assert connection.recv(1) == b"."
        return (time.monotonic() - begin) * 1000

    def is_reached(self, seconds):
        try:
            with socket.create_connection((FAR, self.port), seconds) as connection:
                self.one_ms(connection)
                return True
        except OSError:
            return False

    def stop(self):
        self.process.terminate()
        self.process.wait(10)
        self.process.stdout.close()


def answer(connection):
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        while byte := connection.recv(1):
            connection.sendall(byte)
    except OSError:
        pass                        # the line was cut
    connection.close()


def main():
    with socket.create_server((sys.argv[1], 0)) as server:
        print(server.getsockname()[1], flush=True)
        while True:
            connection, _ = server.accept()
            threading.Thread(target=answer, args=(connection,), daemon=True).start()


if __name__ == "__main__":
    main()
