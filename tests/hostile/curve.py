"""ZMTP 3.0 with CURVE by hand (ZeroMQ RFC 23, 25, 26), client side, over a plain TCP socket: so that a test can stop in
the middle of a handshake, claim any routing id, and send any bytes. The boxes are libsodium's."""
import ctypes
import ctypes.util
import os
import socket
import struct

import zmq.utils.z85 as z85

sodium = ctypes.CDLL(ctypes.util.find_library("sodium"))
BOX_EXTRA = 16


def keypair():
    public, secret = ctypes.create_string_buffer(32), ctypes.create_string_buffer(32)
    assert sodium.crypto_box_keypair(public, secret) == 0
    return public.raw, secret.raw


def public_of(secret):
    public = ctypes.create_string_buffer(32)
    assert sodium.crypto_scalarmult_base(public, secret) == 0
    return public.raw


def box(plain, nonce, public, secret):
    sealed = ctypes.create_string_buffer(len(plain) + BOX_EXTRA)
    assert sodium.crypto_box_easy(sealed, plain, ctypes.c_ulonglong(len(plain)), nonce, public, secret) == 0
    return sealed.raw


def unbox(sealed, nonce, public, secret):
    plain = ctypes.create_string_buffer(len(sealed) - BOX_EXTRA)
    if sodium.crypto_box_open_easy(plain, sealed, ctypes.c_ulonglong(len(sealed)), nonce, public, secret) != 0:
        raise ConnectionError("a box that does not open")
    return plain.raw


class Wire:
    """One connection. Each step of the handshake is a call of its own."""

    def __init__(self, port, host="127.0.0.1", seconds=10):
        self.socket = socket.create_connection((host, port), seconds)
        self.socket.settimeout(seconds)
        self.nonce = 0

    def close(self):
        self.socket.close()

    def read(self, size):
        data = b""
        while len(data) < size:
            more = self.socket.recv(size - len(data))
            if not more:
                raise ConnectionError("closed by the other side")
            data += more
        return data

    def is_closed(self, seconds):
        """Whether the other side ends the connection within that time; what it says before is thrown away."""
        self.socket.settimeout(seconds)
        try:
            while self.socket.recv(65536):
                pass
            return True
        except TimeoutError:
            return False
        except OSError:
            return True

    # ---- frames of ZMTP

    def write_frame(self, body, flags=0):
        long = len(body) > 255
        head = bytes([flags | (2 if long else 0)]) + (struct.pack(">Q", len(body)) if long else bytes([len(body)]))
        self.socket.sendall(head + body)

    def read_frame(self):
        flags = self.read(1)[0]
        return self.read(struct.unpack(">Q", self.read(8))[0] if flags & 2 else self.read(1)[0])

    # ---- the handshake

    def greet(self, mechanism=b"CURVE", answer=True):
        self.socket.sendall(b"\xff" + b"\0" * 8 + b"\x7f\x03\x00" + mechanism.ljust(20, b"\0") + b"\0" * 32)
        return self.read(64) if answer else b""

    def short_nonce(self):
        self.nonce += 1
        return struct.pack(">Q", self.nonce)

    def hello(self, gateway):
        self.gateway = z85.decode(gateway)
        self.own_public, self.own_secret = keypair()
        nonce = self.short_nonce()
        sealed = box(b"\0" * 64, b"CurveZMQHELLO---" + nonce, self.gateway, self.own_secret)
        self.write_frame(b"\x05HELLO\x01\x00" + b"\0" * 72 + self.own_public + nonce + sealed, 4)

    def welcome(self):
        body = self.read_frame()
        assert body[:8] == b"\x07WELCOME"
        plain = unbox(body[24:], b"WELCOME-" + body[8:24], self.gateway, self.own_secret)
        self.short_lived, self.cookie = plain[:32], plain[32:]

    def initiate(self, secret, routing=b""):
        secret = z85.decode(secret)
        vouch_nonce = os.urandom(16)
        vouch = box(self.own_public + self.gateway, b"VOUCH---" + vouch_nonce, self.short_lived, secret)
        metadata = b"\x0bSocket-Type" + struct.pack(">I", 6) + b"DEALER"
        metadata += b"\x08Identity" + struct.pack(">I", len(routing)) + routing
        nonce = self.short_nonce()
        sealed = box(public_of(secret) + vouch_nonce + vouch + metadata, b"CurveZMQINITIATE" + nonce,
                     self.short_lived, self.own_secret)
        self.write_frame(b"\x08INITIATE" + self.cookie + nonce + sealed, 4)

    def ready(self):
        assert self.read_frame()[:6] == b"\x05READY"

    def shake_hands(self, gateway, secret, routing=b""):
        self.greet()
        self.hello(gateway)
        self.welcome()
        self.initiate(secret, routing)
        self.ready()
        return self

    # ---- messages

    def send(self, data, more=False):
        nonce = self.short_nonce()
        sealed = box((b"\x01" if more else b"\0") + data, b"CurveZMQMESSAGEC" + nonce, self.short_lived,
                     self.own_secret)
        self.write_frame(b"\x07MESSAGE" + nonce + sealed)

    def receive(self):
        """The next message; heartbeats are answered and passed over."""
        while True:
            body = self.read_frame()
            if body[:8] != b"\x07MESSAGE":
                continue
            plain = unbox(body[16:], b"CurveZMQMESSAGES" + body[8:16], self.short_lived, self.own_secret)
            if not plain[0] & 4:                # a command of ZMTP, such as PING
                return plain[1:]
