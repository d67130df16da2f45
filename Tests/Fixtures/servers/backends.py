"""Backends that behave in ways that no web server can be configured to: a test double. Each has a port of the kernel's
choice; the first line says them all, as JSON."""
import json, socket, sys, threading, time


def answer(text):
    return lambda client: client.sendall(text.replace("\n", "\r\n").encode())


def endless(client):
    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\r\n")
    while True:
        client.sendall(b"x" * 65536)


def stream(first):
    def run(client):
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + first)
        client.recv(1)

    return run


BACKENDS = {
    "event-stream": stream(b"data: 1\n\n"),
    "silent-event-stream": stream(b""),
    "endless": endless,
    "method-not-allowed": answer("HTTP/1.1 405 Method Not Allowed\nAllow: POST\nContent-Length: 0\n\n"),
    "old-http": answer("HTTP/1.0 200 OK\n\nhello"),
    "promises-more": answer("HTTP/1.1 200 OK\nContent-Length: 1000000\n\nhello"),
    "closes": lambda client: None,
    "mute": lambda client: client.recv(1),
}


def head(client):
    text = b""
    while b"\r\n\r\n" not in text:
        part = client.recv(4096)
        if not part:
            return False
        text += part
    return True


def serve(server, behave):
    def work(client):
        try:
            if head(client):
                behave(client)
        except OSError:
            pass
        finally:
            client.close()

    while True:
        client, _ = server.accept()
        threading.Thread(target=work, args=(client,), daemon=True).start()


ports = {}
for name, behave in BACKENDS.items():
    server = socket.create_server(("127.0.0.1", 0))
    ports[name] = server.getsockname()[1]
    threading.Thread(target=serve, args=(server, behave), daemon=True).start()
print("ports " + json.dumps(ports).replace(" ", ""), flush=True)
sys.stdin.read()
while True:
    time.sleep(3600)
