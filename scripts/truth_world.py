"""What the daemon of truth.py depends on: servers and a relay that can be made to go away, and what was so when."""
import http.server, socket, threading, time


class Handler(http.server.BaseHTTPRequestHandler):
    """A server that can stop answering while it takes connections."""
    protocol_version = "HTTP/1.0"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.world.wait(self.server.name)
        status, body = self.server.answer(self.path)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.server.world.wait(self.server.name):
            return  # it was not taken
        self.server.received(body)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass  # who asked did not wait for the answer


class World:
    """What is away, and since when everything was as it was. Times are seconds since the epoch, as in what is checked."""

    def __init__(self):
        self.away, self.lock = set(), threading.Condition()
        self.absences = {}  # by name: [from, to]; to is infinite while it lasts

    def serve(self, name, answer=None, received=None):
        server = Server(("127.0.0.1", 0), Handler)
        server.world, server.name, server.answer, server.received = self, name, answer, received
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server.server_port

    def wait(self, name):
        """Returns when it is there; whether it was away."""
        with self.lock:
            was_away = name in self.away
            self.lock.wait_for(lambda: name not in self.away, timeout=120)
            return was_away

    def is_away(self, name):
        with self.lock:
            return name in self.away

    def set(self, name, is_away):
        with self.lock:
            periods = self.absences.setdefault(name, [])
            if is_away and name not in self.away:
                periods.append([time.time(), float("inf")])
            elif not is_away and name in self.away:
                periods[-1][1] = time.time()
            (self.away.add if is_away else self.away.discard)(name)
            self.lock.notify_all()

    def was_away(self, name, start, end):
        """Whether it was away at any moment between these."""
        return any(first <= end and last >= start for first, last in self.absences.get(name, []))

    def was_there(self, name, start, end):
        return not any(first <= start and last >= end for first, last in self.absences.get(name, []))

    def relay(self, name, port):
        """A TCP relay that refuses new connections and cuts old ones while it is away."""
        listener = socket.create_server(("127.0.0.1", 0))

        def pump(source, sink):
            try:
                while data := source.recv(65536):
                    if self.is_away(name):
                        break
                    sink.sendall(data)
            except OSError:
                pass
            for end in (source, sink):
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

        def run():
            while True:
                client, _ = listener.accept()
                if self.is_away(name):
                    client.close()
                    continue
                try:
                    server = socket.create_connection(("127.0.0.1", port))
                except OSError:
                    client.close()
                    continue
                for ends in ((client, server), (server, client)):
                    threading.Thread(target=pump, args=ends, daemon=True).start()

        threading.Thread(target=run, daemon=True).start()
        return listener.getsockname()[1]
