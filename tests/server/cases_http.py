"""The ways of HTTP: routes, methods, headers, origins, and requests that are none."""
import json
import subprocess
import time

from harness import (CONTRACT, Connection, Failed, expect, hold_to_contract, problems, request_bytes, same, until)

ERROR = {"$ref": "#/components/schemas/Error"}


def test_health(world):
    response = world.server.get("/health")
    same(response.status, 200)
    same(response.json()["status"], "healthy")
    same(response.json()["service"], "erleah-mini-assistant")
    version = subprocess.run([world.options.server, "--version"], capture_output=True, text=True, check=True)
    same(version.stdout, f"erleah-server {response.json()['version']}\n")
    same(CONTRACT["info"]["version"], response.json()["version"], "the contract's version")


def test_ready(world):
    response = world.server.get("/health/ready")
    same(response.status, 200)
    same(response.json()["status"], "ready")
    expect(response.json()["checks"].get("sqlite") == "ok", response.body)


def test_metrics(world):
    world.server.get("/health")
    response = world.server.get("/metrics")
    same(response.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8")
    expect(b'erleah_http_requests_total{route="GET /health"}' in response.body, "requests are counted by route")
    expect(b'erleah_http_responses_total{status="200"}' in response.body, "responses are counted by status")
    expect(b"erleah_http_request_duration_seconds_bucket" in response.body, "durations are recorded")
    expect(b'erleah_http_streams{kind="sse"}' in response.body, "streams are counted by kind")
    expect(b"# EOF" not in response.body, "Prometheus' text has no end mark")
    response = world.server.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    expect(response.headers["content-type"].startswith("application/openmetrics-text"), response.headers)
    expect(response.body.endswith(b"# EOF\n"), "OpenMetrics has an end mark")


def test_served_files(world):
    same(world.server.get("/openapi.json").json(), CONTRACT)
    page = world.server.get("/")
    expect(b"<erleah-widget" in page.body, "the page has the widget")
    policy = page.headers["content-security-policy"]
    for part in ("default-src 'none'", "script-src 'self'", "connect-src 'self'", "base-uri 'none'"):
        expect(part in policy, policy)
    same(page.headers["cache-control"], "no-cache")
    for path, kind in (("/erleah-widget.js", "text/javascript"), ("/page.js", "text/javascript"),
                       ("/page.css", "text/css")):
        response = world.server.get(path)
        same(response.status, 200)
        expect(response.headers["content-type"].startswith(kind), response.headers["content-type"])
        expect(path.strip("/").encode() in page.body, f"the page uses {path}")
        same(response.headers["cross-origin-resource-policy"], "cross-origin")
        again = world.server.get(path, headers={"If-None-Match": response.headers["etag"]})
        same(again.status, 304)
        same(world.server.get(path, headers={"If-None-Match": '"other"'}).status, 200)


def test_no_webhook_over_the_embedded_store(world):
    for headers in ({}, {"Authorization": "Bearer x"}, {"X-Erleah-Signature": "sha256=00", "X-Erleah-Timestamp": "1"}):
        same(world.server.post("/api/ingest/webhook", {"collection": "sessions"}, headers=headers).status, 404)
    same(world.server.get("/api/ingest/webhook").status, 405)


def test_common_headers(world):
    for path in ("/health", "/nothing", "/items/conversations", "/"):
        headers = world.server.get(path).headers
        for name, value in (("x-content-type-options", "nosniff"), ("referrer-policy", "no-referrer")):
            same(headers.get(name), value, f"{name} of {path}")
        expect(headers["server-timing"].startswith("app;dur="), headers)
        expect("cache-control" in headers and "date" in headers, headers)


def test_request_ids(world):
    for good in ("a", "Req-1_2.3", "x" * 128):
        same(world.server.get("/health", headers={"X-Request-ID": good}).headers["x-request-id"], good)
    for bad in ("", "x" * 129, "a b", "a\"b", "a;b", "é"):
        got = world.server.get("/health", headers={"X-Request-ID": bad}).headers["x-request-id"]
        expect(got != bad and len(got) == 36, f"{bad!r} became {got!r}")
    same(world.server.get("/nothing", headers={"X-Request-ID": "lost-1"}).headers["x-request-id"], "lost-1")


def test_head(world):
    for path in ("/health", "/", "/metrics", "/items/conferences", "/nothing"):
        head = world.server.ask("HEAD", path)
        same(head.body, b"")
        expect(int(head.headers["content-length"]) > 0, "HEAD says how long the answer would be")
        same(head.status, world.server.get(path).status)


def test_methods(world):
    for path, item in CONTRACT["paths"].items():
        path = path.replace("{collection}", "messages").replace("{id}", "x").replace("{reply}", "x")
        known = {method.upper() for method in item}
        if "GET" in known:
            known.add("HEAD")
        for method in ("GET", "POST", "PUT", "DELETE", "PATCH"):
            if method in known:
                continue
            response = world.server.ask(method, path, body=b"{}" if method != "GET" else None)
            same(response.status, 405, f"{method} {path}")
            same({m.strip() for m in response.headers["allow"].split(",")}, known | {"OPTIONS"}, f"Allow of {path}")
        response = world.server.ask("OPTIONS", path)
        same(response.status, 204)
        expect("GET" in response.headers["allow"] or "POST" in response.headers["allow"], response.headers)


def test_unknown_methods(world):
    response = world.server.raw(request_bytes("BREW", "/health"))
    expect(response.status in (400, 405, 501), response.status)
    expect(not problems(ERROR, response.json()), response.body)


def test_paths_with_tricks(world):
    for path in ("/..", "/../etc/passwd", "/%2e%2e/etc/passwd", "/..%2fetc/passwd", "//health", "/./health", "/health/",
                 "/health/.", "/api/chat/..", "/api/chat/%2e%2e", "/items/messages/..%2f..", "/items/messages/%00",
                 "/items/..", "/health%00", "/health%", "/HEALTH", "/api\\chat", "/erleah-widget.js/", "/page.css%2f"):
        response = world.server.get(path)
        same(response.status, 404, path)
    for line in (b"GET /health\0x HTTP/1.1", b"GET /a b HTTP/1.1", b"GET /\xff\xfe HTTP/1.1"):
        response = world.server.raw(line + b"\r\nHost: a\r\n\r\n")
        if response is not None:
            expect(response.status in (400, 404), f"{line!r}: {response.status}")
            expect(not problems(ERROR, response.json()), response.body)


def test_requests_that_are_none(world):
    for data in (b"\r\n\r\n\r\n\r\n", b"hello\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
                 b"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n folded\r\n\r\n", b"GET / HTTP/1.1\nHost: a\n\n",
                 b"GET / HTTP/1.1\r\nBad header: a\r\n\r\n", b"GET / HTTP/3.7\r\nHost: a\r\n\r\n"):
        response = world.server.raw(data)
        expect(response is not None, f"no answer to {data!r}")
        expect(response.status in (400, 505), f"{data!r}: {response.status}")
        expect(not problems(ERROR, response.json()), response.body)
        expect(len(response.headers["x-request-id"]) == 36, response.headers)
        same(response.headers["connection"], "close")


def test_ambiguous_bodies(world):
    body = b'{"a":1}'
    for lines in ("Content-Length: 7\r\nContent-Length: 8", "Content-Length: 7\r\nContent-Length: 7",
                  "Content-Length: 7\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked, gzip",
                  "Content-Length: -7", "Content-Length: 7, 7", "Content-Length: 0x7", "Content-Length : 7"):
        data = f"POST /api/chat HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n{lines}\r\n\r\n".encode() + body
        response = world.server.raw(data, check_as=("POST", "/api/chat"))
        same(response.status, 400, lines)
        same(response.headers["connection"], "close", lines)


def test_large_headers(world):
    response = world.server.raw(request_bytes("GET", "/health", headers={"X": "a" * 20000}))
    same(response.status, 400)
    expect("16 KiB" in response.json()["error"], response.body)
    many = "".join(f"X-{n}: a\r\n" for n in range(200))
    response = world.server.raw(f"GET /health HTTP/1.1\r\n{many}\r\n".encode())
    same(response.status, 400, "200 headers")


def test_keep_alive(world):
    with world.server.connect() as c:
        for _ in range(3):
            c.send(request_bytes("GET", "/health"))
            same(c.response().status, 200)
        # Two at once come back in order.
        c.send(request_bytes("GET", "/health", headers={"X-Request-ID": "one"}) +
               request_bytes("GET", "/nothing", headers={"X-Request-ID": "two"}))
        same(c.response().headers["x-request-id"], "one")
        same(c.response().headers["x-request-id"], "two")
        # A body that nobody wanted is no second request.
        c.send(request_bytes("POST", "/nothing", body=b"GET /health HTTP/1.1\r\n\r\n"))
        same(c.response().status, 404)
        c.send(request_bytes("GET", "/health", headers={"Connection": "close"}))
        response = c.response()
        same(response.headers["connection"], "close")
        try:
            c.more()
            raise Failed("the connection stays open after Connection: close")
        except EOFError:
            pass
    with world.server.connect() as c:
        c.send(b"GET /health HTTP/1.0\r\n\r\n")
        response = c.response()
        same(response.status, 200)
        same(response.headers["connection"], "close")


def test_expectations(world):
    with world.server.connect() as c:
        c.send(request_bytes("POST", "/api/chat", b"{}", headers={"Expect": "100-continue"})[:-2])
        same(c.head()[0], 100)
        c.send(b"{}")
        same(c.response().status, 400)
    with world.server.connect() as c:
        c.send(request_bytes("POST", "/api/chat", b"{}", headers={"Expect": "the unexpected"})[:-2])
        same(c.response().status, 417)
    with world.server.connect() as c:
        c.send(request_bytes("POST", "/api/chat", None, headers={
            "Content-Type": "application/json", "Content-Length": "10000000", "Expect": "100-continue"}))
        same(c.response().status, 413, "what is too large is not asked for")


def test_origins(world):
    with world.new_server(CORS_ORIGINS="https://www.example.org,http://localhost:3000") as server:
        good, bad = "https://www.example.org", "https://evil.example"
        response = server.get("/health", headers={"Origin": good})
        same(response.headers["access-control-allow-origin"], good)
        expect("X-Request-ID" in response.headers["access-control-expose-headers"], response.headers)
        expect("access-control-allow-credentials" not in response.headers, "never with credentials")
        same(response.headers["vary"], "Origin")
        for origin in (bad, "null", "https://www.example.org.evil.example"):
            response = server.get("/health", headers={"Origin": origin})
            same(response.status, 200)
            expect("access-control-allow-origin" not in response.headers, origin)
        same(server.get("/nothing", headers={"Origin": good}).headers["access-control-allow-origin"], good)
        asked = {"Origin": good, "Access-Control-Request-Method": "POST",
                 "Access-Control-Request-Headers": "content-type"}
        response = server.ask("OPTIONS", "/api/chat", headers=asked)
        same(response.status, 204)
        same(response.headers["access-control-allow-origin"], good)
        expect("POST" in response.headers["access-control-allow-methods"], response.headers)
        for name in ("Content-Type", "Prefer", "Last-Event-ID", "Authorization"):
            expect(name in response.headers["access-control-allow-headers"], response.headers)
        response = server.ask("OPTIONS", "/api/chat", headers=dict(asked, Origin=bad))
        same(response.status, 403)
        expect("access-control-allow-origin" not in response.headers, "a preflight of others")
    with world.new_server(CORS_ORIGINS="*", ENVIRONMENT="development") as server:
        response = server.get("/health", headers={"Origin": "https://any.example"})
        same(response.headers["access-control-allow-origin"], "https://any.example")


def test_log_lines(world):
    secret = "what-nobody-should-read-in-a-log"
    with world.new_server(TRUSTED_PROXIES="127.0.0.0/8") as server:
        server.get(f"/api/search?conference_id={world.conference}&q={secret}", headers={"X-Request-ID": "log-1", "X-Forwarded-For": "203.0.113.77"})
        server.get("/nothing", headers={"X-Request-ID": "log-2"})
        visitor = world.visitor(server)
        visitor.start(f"Is there {secret}?")

        def lines():
            found = {line["request_id"]: line for line in server.log_lines()}
            return found if "log-1" in found and "log-2" in found else None
        found = until(lines, "log lines")
        line = found["log-1"]
        same(line["route"], "/api/search")
        same(line["method"], "GET")
        same(line["client"], "203.0.113.0", "the address without its last part")
        expect(line["status"] == 200 and line["bytes"] > 0 and line["duration_ms"] >= 0, line)
        same(found["log-2"]["problem"], "Not found")
        expect(secret not in server.log(), "what was asked is in the log")


def test_a_slow_header_holds_nobody(world):
    """Half requests keep their connections, everybody else is answered."""
    open_ones = []
    try:
        for _ in range(40):
            c = Connection(world.server.port)
            c.send(b"GET /health HTTP/1.1\r\nHost: a\r\nX-Slow: ")
            open_ones.append(c)
        begin = time.monotonic()
        same(world.server.get("/health").status, 200)
        expect(time.monotonic() - begin < 2, "half requests hold up others")
    finally:
        for c in open_ones:
            c.close()


def test_every_response_of_the_contract_has_a_schema(world):
    for path, item in CONTRACT["paths"].items():
        for method, operation in item.items():
            for status, response in operation["responses"].items():
                for kind, content in response.get("content", {}).items():
                    expect("schema" in content, f"{method} {path} {status} {kind}")
                    json.dumps(content)
    try:
        hold_to_contract("GET", "/health", type("R", (), {
            "status": 200, "headers": {"content-type": "application/json"}, "body": b"{}", "json": lambda self: {}})())
    except Failed:
        return
    raise Failed("the check of the contract takes an empty answer of /health")
