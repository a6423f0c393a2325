"""A server on the loopback address that gives files, or fails on purpose."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    """Gives whole files at ``/good/`` and fails in another way at each other folder."""

    def do_GET(self):
        _, behaviour, name = self.path.split("/")
        self.server.requests.append((behaviour, name))
        if behaviour == "missing":
            self.send_error(404)
            return
        content = self.server.contents[name]
        if behaviour == "wrong":
            content = b"<html>log in to the network first</html>"
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        if (
            behaviour == "unpacking"
        ):  # a server that has packed nothing, and says of .gz that it has
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        half = behaviour in ("cut", "stalled")
        self.wfile.write(content[: len(content) // 2] if half else content)
        if behaviour == "stalled":
            self.server.over.wait(10)

    def log_message(self, *_):
        pass


@contextmanager
def serving(contents):
    """A server of ``contents`` by name; ``mirror(behaviour)`` is where it behaves like that."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.contents, server.requests, server.over = contents, [], threading.Event()
        server.mirror = f"http://127.0.0.1:{server.server_port}/{{}}/".format
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.over.set()
        server.shutdown()
