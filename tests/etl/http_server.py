"""A web server on the loopback address that answers by a script: truncated, slow, redirected, refused."""

from __future__ import annotations

import socket
import struct
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PATIENCE_S = 20


class Gate:
    """A point in a body where the server waits until the test lets it go on."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.opened = threading.Event()


@dataclass(frozen=True)
class Reply:
    """One answer.

    Attributes:
        body: the whole file, of which a ranged request gets the rest.
        status: 200 becomes 206 for a range that is honoured.
        headers: added to those that follow from the other fields.
        ranges: whether Range is honoured.
        etag: sent, and compared with If-Range.
        last_modified: sent, and compared with If-Range where there is no ETag.
        announce: whether Content-Length is sent.
        cut_at: close the connection after so many bytes of the file.
        reset: close it with a reset instead of an orderly end.
        gate: wait at `gate_at` bytes of the file.
        gate_at: where the gate stands.
        piece: send the body in pieces of so many bytes.
    """

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    ranges: bool = True
    etag: str | None = None
    last_modified: str | None = None
    announce: bool = True
    cut_at: int | None = None
    reset: bool = False
    gate: Gate | None = None
    gate_at: int = 0
    piece: int = 1 << 16


@dataclass(frozen=True)
class Seen:
    """A request as it arrived."""

    path: str
    headers: Mapping[str, str]


class Server:
    """The running server: what it shall answer, and what it was asked."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.requests: list[Seen] = []
        self._scripts: dict[str, list[Reply]] = {}
        self._lock = threading.Lock()
        self._served: dict[str, int] = defaultdict(int)

    def url(self, path: str, *, userinfo: str = "", host: str = "127.0.0.1") -> str:
        """The address of a path."""
        return f"http://{userinfo}{host}:{self.port}{path}"

    def script(self, path: str, *replies: Reply) -> str:
        """Answer the requests of a path in this order; the last answer is repeated. Gives the address."""
        with self._lock:
            self._scripts[path] = list(replies)
            self._served[path] = 0
        return self.url(path)

    def asked(self, path: str) -> list[Seen]:
        """The requests of a path, in the order of their arrival."""
        with self._lock:
            return [seen for seen in self.requests if seen.path == path]

    def next_reply(self, path: str, headers: Mapping[str, str]) -> Reply:
        """Note a request and give its answer."""
        with self._lock:
            self.requests.append(Seen(path, headers))
            replies = self._scripts.get(path, [Reply(status=404)])
            number = min(self._served[path], len(replies) - 1)
            self._served[path] += 1
            return replies[number]

    def open_gates(self) -> None:
        """Let every waiting answer go on."""
        for replies in self._scripts.values():
            for reply in replies:
                if reply.gate is not None:
                    reply.gate.opened.set()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    script: Server

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keep quiet."""

    def do_GET(self) -> None:
        self.close_connection = True
        reply = self.script.next_reply(self.path, dict(self.headers.items()))
        start = self._start(reply)
        self._send_head(reply, start)
        try:
            self._send_body(reply, start or 0)
        except (BrokenPipeError, ConnectionResetError):
            return
        if reply.reset:
            # A linger of zero seconds makes the close a reset.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

    def _start(self, reply: Reply) -> int | None:
        """The first byte that is asked for; None where the whole file is to be sent."""
        asked = self.headers.get("Range")
        condition = self.headers.get("If-Range")
        fresh = condition is None or condition == (reply.etag or reply.last_modified)
        if asked is None or not (reply.ranges and fresh and reply.status == 200):
            return None
        return int(asked.removeprefix("bytes=").partition("-")[0])

    def _send_head(self, reply: Reply, start: int | None) -> None:
        size = len(reply.body)
        if start is not None and start >= size:
            self.send_response(416)
            headers = {"Content-Range": f"bytes */{size}", "Content-Length": "0"}
        elif start is not None:
            self.send_response(206)
            headers = {"Content-Range": f"bytes {start}-{size - 1}/{size}", "Content-Length": str(size - start)}
        else:
            self.send_response(reply.status)
            headers = {"Content-Length": str(size)} if reply.announce else {}
        if reply.etag is not None:
            headers["ETag"] = reply.etag
        if reply.last_modified is not None:
            headers["Last-Modified"] = reply.last_modified
        for name, value in {**headers, "Connection": "close", **reply.headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def _send_body(self, reply: Reply, start: int) -> None:
        end = len(reply.body) if reply.cut_at is None else min(reply.cut_at, len(reply.body))
        for at in range(start, end, reply.piece):
            if reply.gate is not None and at >= reply.gate_at and not reply.gate.reached.is_set():
                self.wfile.flush()
                reply.gate.reached.set()
                reply.gate.opened.wait(PATIENCE_S)
            self.wfile.write(reply.body[at : min(at + reply.piece, end)])
        self.wfile.flush()


@contextmanager
def running_server() -> Iterator[Server]:
    """Run a server on a free port until the block ends."""
    handler = type("Handler", (_Handler,), {})
    http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    http.daemon_threads = True
    server = Server(http.server_address[1])
    handler.script = server  # type: ignore[attr-defined]
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.open_gates()
        http.shutdown()
        http.server_close()
        thread.join()
