"""Directus' WebSocket over the embedded store."""
import json
import time
import uuid

from harness import (Closed, WebSocket, completed_row, expect, frame, handshake_bytes, hold_to_contract, same, until)

QUESTION = "Which talks are about water?"


def upgrade(server, **how):
    response = server.raw(handshake_bytes(server.port, **how))
    hold_to_contract("GET", "/websocket", response)
    return response.status


def by_item(item, uid="1", **query):
    message = {"type": "subscribe", "collection": "messages", "item": item, "uid": uid}
    if query:
        message["query"] = query
    return message


def error(answer, code, kind="subscribe"):
    same((answer["type"], answer.get("status"), answer["error"]["code"]), (kind, "error", code))
    expect(answer["error"]["message"], answer)


def test_handshakes(world):
    server = world.server
    same(upgrade(server, version="8"), 426)
    same(upgrade(server, key="short"), 400)
    same(upgrade(server, origin="https://evil.example"), 403)
    same(upgrade(server, origin="null"), 403)
    same(upgrade(server, origin=f"http://localhost:{server.port + 1}"), 403)
    same(server.get("/websocket").status, 426)
    with WebSocket(server, origin=f"http://localhost:{server.port}") as ws:
        same(ws.ask({"type": "ping"}), {"type": "pong"})
    with world.new_server(CORS_ORIGINS="https://www.example.org") as other:
        with WebSocket(other, origin="https://www.example.org") as ws:
            same(ws.ask({"type": "ping"}), {"type": "pong"})
        same(upgrade(other, origin="https://evil.example"), 403)


def test_auth_takes_any_token(world):
    with WebSocket(world.server) as ws:
        same(ws.ask({"type": "auth", "access_token": "anything"}), {"type": "auth", "status": "ok"})
        same(ws.ask({"type": "auth", "uid": 7}), {"type": "auth", "status": "ok", "uid": 7})
        same(ws.ask({"type": "ping", "uid": "x"}), {"type": "pong", "uid": "x"})


def test_an_answer_by_item(world):
    reply = world.slow_visitor().start(QUESTION)
    with WebSocket(world.slow_server) as ws:
        first = ws.ask(by_item(reply, uid="reply-1"))
        same((first["type"], first["event"], first["uid"]), ("subscription", "init", "reply-1"))
        same(first["data"]["id"], reply)
        texts = [first["data"]["messageText"]]
        while True:
            message = ws.message()
            same((message["type"], message["event"], message["uid"]), ("subscription", "update", "reply-1"))
            same(message["data"]["conversation_id"], first["data"]["conversation_id"], "whole rows")
            texts.append(message["data"]["messageText"])
            if message["data"]["status"] == "completed":
                break
    expect(len(set(texts)) > 2, f"the text grew in {len(set(texts))} steps")
    for shorter, longer in zip(texts, texts[1:]):
        expect(longer.startswith(shorter), f"{shorter!r} became {longer!r}")
    same(texts[-1], completed_row(world.slow_server, reply)["messageText"])


def test_a_conversation_by_filter(world):
    visitor = world.slow_visitor()
    with WebSocket(world.slow_server) as ws:
        ws.send({"type": "subscribe", "collection": "messages", "uid": "all", "query": {
            "filter": {"conversation_id": {"_eq": visitor.conversation}}, "fields": ["id", "role", "status", "messageText"]}})
        same(ws.message(), {"type": "subscription", "event": "init", "data": [], "uid": "all"})
        reply = visitor.start(QUESTION)
        seen = {}
        while seen.get(reply, {}).get("status") != "completed":
            message = ws.message()
            expect(message["event"] in ("create", "update"), message)
            same(len(message["data"]), 1)
            row = message["data"][0]
            same(sorted(row), ["id", "messageText", "role", "status"], "the wanted fields")
            if row["id"] not in seen:
                same(message["event"], "create", "the first that is heard of a row")
            seen[row["id"]] = row
        same(sorted(r["role"] for r in seen.values()), ["assistant", "user"])
        same(seen[reply]["messageText"], completed_row(world.slow_server, reply)["messageText"])


def test_after_the_end(world):
    """Who subscribes late, or again after a lost connection, gets the finished row at once."""
    reply = world.visitor().start(QUESTION)
    row = completed_row(world.server, reply)
    with WebSocket(world.server) as ws:
        same(ws.ask(by_item(reply))["data"], row)
        same(ws.ask(by_item(reply, uid="2", fields=["status"]))["data"], {"status": "completed"})
        same(ws.ask(by_item(reply.upper(), uid="3"))["data"], row, "a UUID in capitals")
        answer = ws.ask({"type": "subscribe", "collection": "conversations", "item": row["conversation_id"]})
        same(answer["data"]["id"], row["conversation_id"])
        expect("uid" not in answer, "no uid, none back")


def test_what_may_not_be_watched(world):
    with WebSocket(world.server) as ws:
        error(ws.ask({"type": "subscribe", "collection": "messages"}), "FORBIDDEN")
        error(ws.ask({"type": "subscribe", "collection": "messages", "query": {}}), "FORBIDDEN")
        error(ws.ask({"type": "subscribe", "collection": "messages", "query": {"filter": {"role": {"_eq": "user"}}}}), "FORBIDDEN")
        error(ws.ask({"type": "subscribe", "collection": "conversations", "query": {
            "filter": {"conversation_id": {"_eq": "x"}}}}), "FORBIDDEN")
        error(ws.ask(by_item(str(uuid.uuid4()))), "FORBIDDEN")
        for collection in ("sessions", "directus_users", None, 7):
            error(ws.ask({"type": "subscribe", "collection": collection, "item": "x", "uid": "u"}), "INVALID_COLLECTION")
        for bad in ({"filter": {"id": {"_in": ["a"]}}}, {"filter": []}, {"filter": {"id": {"_eq": "a"}}, "fields": [7]}):
            error(ws.ask({"type": "subscribe", "collection": "messages", "query": bad}), "INVALID_PAYLOAD")
        for item in ("", 7, [], {}, "x" * 200):
            error(ws.ask({"type": "subscribe", "collection": "messages", "item": item}), "INVALID_PAYLOAD")
        error(ws.ask({"type": "subscribe", "collection": "messages", "item": "x", "event": "explode"}), "INVALID_PAYLOAD")


def test_messages_that_are_none(world):
    with WebSocket(world.server) as ws:
        for text in (b"", b"hello", b"{", b'{"type":"ping"} x', b"[" * 10000, b'{"type":"\\u0000"}'):
            ws.raw(frame(1, text))
            error(ws.message(), "INVALID_PAYLOAD", "server")
        for message in ({}, [], None, 7, {"type": None}, {"type": "explode"}, {"type": "items", "collection": "messages"},
                        {"type": "ping", "uid": ["x"]}, {"type": "ping", "uid": "x" * 100}):
            error(ws.ask(message), "INVALID_PAYLOAD", "server")
        same(ws.ask({"type": "ping"}), {"type": "pong"}, "after all that")


def test_unsubscribing(world):
    visitor = world.slow_visitor()
    reply = visitor.start(QUESTION)
    with WebSocket(world.slow_server) as ws:
        ws.ask(by_item(reply, uid="a"))
        ws.send({"type": "unsubscribe", "uid": "a"})
        message = ws.message()
        while message["event"] != "unsubscribe":
            message = ws.message()
        same(message, {"type": "subscription", "event": "unsubscribe", "uid": "a"})
        completed_row(world.slow_server, reply)
        same(ws.ask({"type": "ping"}), {"type": "pong"}, "nothing comes after unsubscribing")


def test_a_uid_in_use_stays(world):
    reply = world.visitor().start(QUESTION)
    completed_row(world.server, reply)
    with WebSocket(world.server) as ws:
        same(ws.ask(by_item(reply, uid="a"))["event"], "init")
        ws.send(by_item(reply, uid="a"))
        same(ws.ask({"type": "ping"}), {"type": "pong"}, "the second one is ignored")


def test_subscriptions_are_limited(world):
    reply = world.visitor().start(QUESTION)
    completed_row(world.server, reply)
    with WebSocket(world.server) as ws:
        for n in range(32):
            same(ws.ask(by_item(reply, uid=n))["uid"], n)
        error(ws.ask(by_item(reply, uid=33)), "REQUESTS_EXCEEDED")
        ws.ask({"type": "unsubscribe", "uid": 5})
        same(ws.ask(by_item(reply, uid=34))["event"], "init")


def test_only_wanted_events(world):
    visitor = world.slow_visitor()
    reply = visitor.start(QUESTION)
    with WebSocket(world.slow_server) as ws:
        first = ws.ask(dict(by_item(reply), event="update"))
        same(first, {"type": "subscription", "event": "init", "uid": "1"})
        same(ws.message()["event"], "update")
    with WebSocket(world.slow_server) as ws:
        ws.ask(dict(by_item(reply), event="delete"))
        completed_row(world.slow_server, reply)
        same(ws.ask({"type": "ping"}), {"type": "pong"}, "rows are not deleted here")


def test_frames(world):
    with WebSocket(world.server) as ws:
        text = json.dumps({"type": "ping", "uid": "ü"}, ensure_ascii=False).encode()
        cut = text.index("ü".encode()) + 1
        ws.raw(frame(1, text[:5], fin=False))
        ws.raw(frame(9, b"in between"))
        ws.raw(frame(0, text[5:cut], fin=False))
        ws.raw(frame(0, text[cut:]))
        same(ws.message(), {"type": "pong", "uid": "ü"}, "a message in fragments")
        ws.raw(frame(9, b"payload"))
        opcode, payload = ws.frame()
        same((opcode, payload), (10, b"payload"))
        ws.raw(frame(1, b" " * 65000 + b'{"type":"ping"}'))
        same(ws.message(), {"type": "pong"}, "a large message")


def test_frames_that_end_a_connection(world):
    cases = (
        (frame(2, b"x"), 1003, "binary"),
        (frame(1, b'"\xff"'), 1007, "not UTF-8"),
        (frame(1, claimed=2**31 - 65537), 1009, "2 GB"),
        (frame(1, claimed=2**63), 1009, "2^63 bytes"),
        (frame(1, claimed=65537), 1009, "a byte too many"),
        (frame(1, b" " * 60000, fin=False) + frame(0, b" " * 60000), 1009, "too much in fragments"),
        (frame(1, b"hello", mask=False), 1002, "not masked"),
        (frame(3), 1002, "a reserved opcode"),
        (frame(9, b"x", fin=False), 1002, "a ping in parts"),
        (frame(0, b"x"), 1008, "a continuation of nothing"),
        (frame(1, b"x", fin=False) + frame(1, b"x"), 1008, "a message within a message"),
        (frame(8, b"\x03\xe8"), 1000, "goodbye"),
    )
    before = world.server.rss_kib()
    for data, code, what in cases:
        with WebSocket(world.server) as ws:
            ws.raw(data)
            same(ws.close_code(), code, what)
    if not world.options.sanitized:
        expect(world.server.rss_kib() - before < 8192, "memory stays flat")


def test_who_talks_too_much(world):
    with WebSocket(world.server) as ws:
        ws.raw(frame(1, b'{"type":"ping"}') * 300)
        same(ws.close_code(), 1008)


def test_heartbeats(world):
    with world.new_server(SSE_HEARTBEAT_MS=200) as server:
        with WebSocket(server, pongs=False) as silent, WebSocket(server) as good:
            begin = time.monotonic()
            opcodes = []
            for _ in range(4):
                opcodes.append(silent.frame())
                good.ask({"type": "ping"})
            same(opcodes, [(1, b'{"type":"ping"}'), (9, b"")] * 2, "both kinds of ping")
            try:
                while True:
                    silent.frame()
                    good.ask({"type": "ping"})
            except (EOFError, ConnectionError):
                pass
            expect(time.monotonic() - begin < 10, "who never answers is cut off")
            same(good.ask({"type": "ping"}), {"type": "pong"}, "who answers is not")


def gauge(server, name):
    for line in server.get("/metrics").body.decode().splitlines():
        if line.startswith(name):
            return float(line.split()[-1])
    return None


def test_connections_are_counted_and_limited(world):
    with world.new_server(API_THREADS=24) as server:
        sockets = [WebSocket(server) for _ in range(8)]
        same(gauge(server, 'erleah_http_streams{kind="websocket"}'), 8)
        response = server.raw(handshake_bytes(server.port))
        hold_to_contract("GET", "/websocket", response)
        same(response.status, 503)
        same(server.get("/health").status, 200)
        for ws in sockets:
            ws.close()
        until(lambda: gauge(server, 'erleah_http_streams{kind="websocket"}') == 0, "they are gone")
        with WebSocket(server) as ws:
            same(ws.ask({"type": "ping"}), {"type": "pong"})


def test_one_who_does_not_read(world):
    """Asks for much and reads nothing: others are served, and it is cut off."""
    slow = 'erleah_http_slow_readers_total{kind="websocket"}'
    before = gauge(world.slow_server, slow) or 0
    visitor = world.slow_visitor()
    for _ in range(60):
        visitor.write("x" * 8000)
    lazy = WebSocket(world.slow_server, small_window=True)
    try:
        for _ in range(90):
            lazy.send({"type": "subscribe", "collection": "messages", "query": {
                "filter": {"conversation_id": {"_eq": visitor.conversation}}}})
            lazy.send({"type": "unsubscribe"})
    except ConnectionError:
        pass
    reply = world.slow_visitor().start(QUESTION)
    with WebSocket(world.slow_server) as ws:
        message = ws.ask(by_item(reply))
        while message["data"]["status"] != "completed":
            message = ws.message()
    until(lambda: (gauge(world.slow_server, slow) or 0) > before, "the lazy one is cut off")
    lazy.close()


def test_many_subscribers(world):
    """Fifty answers at once; every subscriber's socket sees its own completed text."""
    server = world.slow_server
    sockets, replies = [], []
    for n in range(50):
        replies.append(world.slow_visitor().start(QUESTION))
        sockets.append(WebSocket(server))
        sockets[-1].send(by_item(replies[-1], uid=n))
    for n, (ws, reply) in enumerate(zip(sockets, replies)):
        message = ws.message()
        while message["data"]["status"] != "completed":
            message = ws.message()
        same((message["uid"], message["data"]["id"]), (n, reply))
        same(message["data"]["messageText"], completed_row(server, reply)["messageText"])
        ws.close()


def test_going_away(world):
    server = world.new_server()
    ws = WebSocket(server)
    same(ws.ask({"type": "ping"}), {"type": "pong"})
    server.stop()
    try:
        while True:
            ws.message()
    except Closed as end:
        same(end.code, 1001)
    except (EOFError, ConnectionError):
        raise AssertionError("the connection ended without a word") from None
