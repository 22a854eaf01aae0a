#!/usr/bin/env python3
"""A web server with all the ways in which one goes wrong, for test_net.c; and APIs of providers
(http_apis.py), for test_statement_fetch.c.

http_server.py CERTIFICATE KEY: prints "HTTP-PORT HTTPS-PORT" when it listens on 127.0.0.1, and
runs until its standard input ends.
"""
import gzip
import os
import socket
import ssl
import sys
import threading
import time

sys.dont_write_bytecode = True  # nothing is left beside it
import http_apis

BODY = b'{"data":[{"id":"acme/one"}]}'
CATALOGUE = (b'{"data":[{"id":"acme/one",'
             b'"pricing":{"prompt":"0.000001","completion":"0.000002"}}]}')
BIG = 4096
ports = {}
seen = []  # what was asked, as it came; /seen tells it


def answer(status, headers=(), body=b"", length=True):
    lines = ["HTTP/1.1 %s" % status, *headers]
    if length:
        lines.append("Content-Length: %d" % len(body))
    return "\r\n".join(lines).encode() + b"\r\nConnection: close\r\n\r\n" + body


def chunks(body, last=b"0\r\n\r\n"):
    head = answer("200 OK", ["Transfer-Encoding: chunked"], length=False)
    parts = (body[i : i + 100] for i in range(0, len(body), 100))
    return head + b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in parts) + last


def to(where):
    return answer("302 Found", ["Location: " + where], b"it is elsewhere")


def wait_for_peer(peer):
    """Sends nothing more, until the other side gives up."""
    peer.settimeout(60)
    try:
        while peer.recv(4096):
            pass
    except OSError:
        pass


def endless(peer):
    """As much as is taken: whoever reads on never ends."""
    peer.sendall(answer("200 OK", ["Transfer-Encoding: chunked"], length=False))
    while True:
        peer.sendall(b"400\r\n" + b"x" * 1024 + b"\r\n")


def drip(peer):
    peer.sendall(answer("200 OK", ["Content-Length: 1000000"], length=False))
    while True:
        peer.sendall(b"x")
        time.sleep(0.2)


def redirects(path):
    http = "http://127.0.0.1:%d" % ports["http"]
    fixed = {
        "/to-file": "file:///etc/passwd",
        "/to-ftp": "ftp://127.0.0.1/book",
        "/to-stranger": "http://example.com/book",
        "/to-user": "http://me:secret@127.0.0.1/book",
        "/to-http": http + "/book",
        "/to-echo": "/echo",
        "/to-other-host": "http://localhost:%d/echo" % ports["http"],
        "/to-other-port": "http://127.0.0.1:%d/echo" % ports["other"],
        "/to-other-scheme": "https://localhost:%d/echo" % ports["https"],
        "/to-catalogue": "/catalogue?key=secret",
        "/to-https": "https://localhost:%d/book" % ports["https"],
        "/to-long": "/" + "x" * 3000,
        "/to-nothing": "http://",
        "/loop": "/loop",
        "/relative": "book",
        "/to-key": "/missing?key=secret",
    }
    if path in fixed:
        return fixed[path]
    if path.startswith("/hops/"):
        left = int(path[6:])
        return "/hops/%d" % (left - 1) if left > 0 else "/book"
    return None


def fixed_answer(path, request):
    packed = gzip.compress(b" " * 1000000)
    return {
        "/book": answer("200 OK", [], BODY),
        "/catalogue": answer("200 OK", [], CATALOGUE),
        "/half": answer("200 OK", ["Content-Length: 1000"], CATALOGUE, length=False),
        "/chunked": chunks(BODY * 10),
        "/big": answer("200 OK", [], b"x" * (BIG + 1)),
        "/full": answer("200 OK", [], b"x" * BIG),
        "/full-chunked": chunks(b"x" * BIG),
        "/big-chunked": chunks(b"x" * (BIG + 1)),
        "/cut": answer("200 OK", ["Content-Length: 1000"], BODY, length=False),
        "/cut-chunks": chunks(BODY, last=b""),
        "/unended": answer("200 OK", [], BODY, length=False),
        "/gzip": answer("200 OK", ["Content-Encoding: gzip"], packed),
        "/missing": answer("404 Not Found", [], b"no such\x1b[31m  thing\r\n<b>here</b> \xff"),
        "/gone": answer("410 Gone"),
        "/error": answer("500 Oh", [], b"sorry " * 1000),
        "/error-big": answer("503 No", ["Content-Length: 99999999"], b"z" * 999, length=False),
        "/empty": answer("204 No Content", length=False),
        "/nowhere": answer("302 Found", [], b"no place"),
        "/old": BODY,
        "/busy": answer("429 Slow Down", ["Retry-After: 7", "Content-Type: text/plain"], b"later"),
        "/busy-long": answer("503 No", ["Retry-After: " + "9" * 200], b"later"),
        "/seen": answer("200 OK", [], b"\n".join(seen)),
        "/cookie": answer("302 Found", ["Set-Cookie: a=secret", "Location: /echo"]),
        "/echo": answer("200 OK", [], request),
    }.get(path, answer("404 Not Found", [], b"what is that?"))


def serve_api(peer, target, head, body):
    path, _, query = target.partition("?")
    _, _, scenario, rest = path.split("/", 3)
    lines = [line.partition(":") for line in head.decode().split("\r\n")[1:]]
    headers = {name.lower(): value.strip() for name, _, value in lines}
    found = http_apis.answer(scenario, "/" + rest, query, headers, body, ports)
    if found is None:
        wait_for_peer(peer)
        return
    status, more, text = found
    cut = any(line.startswith("Content-Length") for line in more)
    peer.sendall(answer(status, more, text, length=not cut))


def serve(peer):
    request = b""
    while b"\r\n\r\n" not in request:
        more = peer.recv(65536)
        if not more:
            return
        request += more
    head, _, body = request.partition(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            while len(body) < int(line[15:]):
                body += peer.recv(65536)
    request = head + b"\r\n\r\n" + body
    if not request.startswith(b"GET /seen"):
        seen.append(request)
    target = request.split(b" ")[1].decode()
    path = target.split("?")[0]
    if path.startswith("/apis/"):
        serve_api(peer, target, head, body)
    elif redirects(path) is not None:
        peer.sendall(to(redirects(path)))
    elif path == "/slow":
        peer.sendall(answer("200 OK", ["Content-Length: 1000"], BODY, length=False))
        wait_for_peer(peer)
    elif path == "/silent":
        wait_for_peer(peer)
    elif path == "/liar":
        # Says it is small enough, and that its end comes later: both at once is no HTTP.
        peer.sendall(answer("200 OK", ["Content-Length: 10", "Transfer-Encoding: chunked"],
                            b"1001\r\n" + b"x" * (BIG + 1) + b"\r\n0\r\n\r\n", length=False))
    elif path == "/drip":
        drip(peer)
    elif path == "/endless":
        endless(peer)
    else:
        peer.sendall(fixed_answer(path, request))


def handle(peer, tls):
    try:
        if tls is not None:
            peer = tls.wrap_socket(peer, server_side=True)
        serve(peer)
        peer.shutdown(socket.SHUT_WR)
        wait_for_peer(peer)
    except OSError:
        pass
    finally:
        peer.close()


def listen(tls):
    listener = socket.create_server(("127.0.0.1", 0))

    def accept():
        while True:
            peer, _ = listener.accept()
            threading.Thread(target=handle, args=(peer, tls), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return listener.getsockname()[1]


def main():
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(sys.argv[1], sys.argv[2])
    ports["http"] = listen(None)
    ports["other"] = listen(None)
    ports["https"] = listen(tls)
    print(ports["http"], ports["https"], flush=True)
    while os.read(0, 4096):
        pass


main()
