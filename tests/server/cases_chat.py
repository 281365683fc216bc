"""Questions and replies: /api/chat, its streams, and the search."""
import json
import random
import time
import uuid

from harness import (Connection, Failed, Stream, completed_row, expect, hold_to_contract, parse_events, request_bytes,
                     row_of, same, text_of, until)

QUESTION = "Which talks are about water?"


def chat_error(world, body, status, sentence=None, headers=None):
    response = world.server.ask("POST", "/api/chat", body, headers)
    same(response.status, status, f"{str(body)[:80]!r} {response.body!r}")
    if sentence:
        expect(sentence in response.json()["error"], f"{response.json()['error']!r} does not say {sentence!r}")
    return response


def ids():
    return {"conversation_id": str(uuid.uuid4()), "message_id": str(uuid.uuid4()), "conference_id": str(uuid.uuid4())}


def test_wrong_content_types(world):
    body = json.dumps(ids()).encode()
    for kind in (None, "text/plain", "application/jsonp", "application/x-www-form-urlencoded"):
        chat_error(world, body, 415, "application/json", headers={"Content-Type": kind})
    chat_error(world, body, 415, "compressed", headers={"Content-Encoding": "gzip"})
    chat_error(world, body, 404, headers={"Content-Type": "application/json; charset=utf-8"})


def test_bodies_that_are_no_json(world):
    nested = b'{"conversation_id":' + b"[" * 10000 + b"]" * 10000 + b"}"
    for body in (b"", b"hello", b"{", b'{"a":1} x', b"{'a':1}", b'{"a":NaN}', b'{"a":"\xff\xfe"}', b'{"a":"\xed\xa0\x80"}',
                 b'{"a":"\\u0000"}', b'{"a":"b\0c"}', b"\xef\xbb\xbf{}", b'{"a":"\\ud800"}', nested):
        chat_error(world, body, 400, "not JSON")


def test_fields_are_named(world):
    for body in (b"[]", b"null", b'"text"', b"7"):
        chat_error(world, body, 400, "object")
    for name in ("conversation_id", "message_id", "conference_id"):
        good = ids()
        missing = {k: v for k, v in good.items() if k != name}
        chat_error(world, missing, 400, name)
        for wrong in (None, 7, True, [], {}, "", "x", "00000000-0000-0000-0000-00000000000", good[name] + "0",
                      good[name].replace("-", ""), "' OR 1=1 --", "../" * 12):
            chat_error(world, dict(good, **{name: wrong}), 400, name)


def test_bodies_that_are_too_large(world):
    chat_error(world, b" " * (64 * 1024 + 1), 413)
    response = world.server.raw(request_bytes("POST", "/api/chat", b"x" * 10_000_000), check_as=("POST", "/api/chat"))
    same(response.status, 413, "10 MB")
    same(world.server.raw(request_bytes("POST", "/api/chat", b"{}", headers={"Content-Length": "99999999999"}),
                          check_as=("POST", "/api/chat")).status, 413, "100 GB announced")
    with world.server.connect() as c:
        c.send(request_bytes("POST", "/api/chat", None, headers={"Content-Type": "application/json",
                                                                 "Transfer-Encoding": "chunked"}))
        try:
            for _ in range(200):
                c.send(b"c350\r\n" + b" " * 0xc350 + b"\r\n")
            c.send(b"0\r\n\r\n")
        except ConnectionError:
            pass
        response = c.response()
    hold_to_contract("POST", "/api/chat", response)
    same(response.status, 413, "10 MB in chunks")


def test_bodies_that_end_early(world):
    with world.server.connect() as c:
        c.send(request_bytes("POST", "/api/chat", b"{}", headers={"Content-Length": "100"}))
        c.socket.shutdown(1)
        response = c.response()
    hold_to_contract("POST", "/api/chat", response)
    same(response.status, 400)
    expect("complete" in response.json()["error"], response.body)


def test_rows_that_are_not_there(world):
    visitor = world.visitor()
    message = visitor.write(QUESTION)
    good = visitor.question(message)
    same(chat_error(world, dict(good, conversation_id=str(uuid.uuid4())), 404).json()["error"], "Conversation not found")
    same(chat_error(world, dict(good, message_id=str(uuid.uuid4())), 404).json()["error"], "Message not found")
    chat_error(world, dict(good, conference_id=str(uuid.uuid4())), 404)
    same(chat_error(world, dict(good, conference_id=world.other_conference), 404).json()["error"],
         "Conversation not found", "a conversation of another conference")
    stranger = world.visitor()
    same(chat_error(world, dict(good, conversation_id=stranger.conversation), 404).json()["error"], "Message not found",
         "a message of another conversation")
    same(world.server.post("/api/chat", good).status, 200, "after all that, the right one")


def test_the_same_message_with_another_conversation(world):
    visitor, stranger = world.visitor(), world.visitor()
    message = visitor.write(QUESTION)
    same(world.server.post("/api/chat", visitor.question(message)).status, 200)
    response = world.server.post("/api/chat", dict(visitor.question(message), conversation_id=stranger.conversation))
    expect(response.status in (404, 409), response.body)


def test_question_lengths(world):
    visitor = world.visitor()
    for text in ("", "   \n\t", "x" * 2001, "ü" * 2001):
        response = visitor.ask(text)
        same(response.status, 422, f"{len(text)} characters")
    for text in ("x" * 2000, "ü" * 2000):
        same(visitor.ask(text).status, 200, "2,000 characters")


def test_a_widget_with_curl(world):
    visitor = world.visitor()
    response = visitor.ask(QUESTION)
    same(response.status, 200)
    same(sorted(response.json()), ["assistant_message_id", "success"])
    reply = response.json()["assistant_message_id"]
    row = row_of(world.server, reply)
    same(row["role"], "assistant")
    same(row["conversation_id"], visitor.conversation)
    row = completed_row(world.server, reply)
    expect(len(row["messageText"]) > 20, row)
    expect(row["metadata"]["outcome"] == "ok", row["metadata"])
    got = world.server.get(f"/api/chat/{reply}").json()
    same(got["state"], "completed")
    same(got["text"], row["messageText"])
    expect(got["references"], "a question about the programme has references")
    rows = world.server.get(f"/items/messages?filter[conversation_id][_eq]={visitor.conversation}&sort=date_created")
    same([r["role"] for r in rows.json()["data"]], ["user", "assistant"])


def test_prefer_wait(world):
    response = world.visitor().ask(QUESTION, headers={"Prefer": "wait=10"})
    same(response.status, 200)
    same(response.headers["preference-applied"], "wait=10")
    message = response.json()["message"]
    same(message["state"], "completed")
    same(message["id"], response.json()["assistant_message_id"])
    row = row_of(world.server, message["id"])
    same(row["status"], "completed", "the row, once waiting is over")
    same(row["messageText"], message["text"])
    expect("answer;dur=" in response.headers["server-timing"], response.headers)


def test_waiting_has_an_end(world):
    with world.new_server(COMPOSER_PACE_MS=60000, DRAIN_GRACE_MS=100) as server:
        begin = time.monotonic()
        response = world.visitor(server).ask(QUESTION, headers={"Prefer": "wait=1"})
        same(response.status, 200)
        expect("message" not in response.json(), "there is no message before the end")
        expect(0.8 < time.monotonic() - begin < 6, "it waits as long as it was told")
        response = world.visitor(server).ask(QUESTION, headers={"Prefer": "wait=0"})
        expect("message" not in response.json(), "waiting 0 s is not waiting")


def test_asking_again_attaches(world):
    visitor = world.visitor()
    message = visitor.write(QUESTION)
    first = world.server.post("/api/chat", visitor.question(message)).json()["assistant_message_id"]
    for _ in range(3):
        same(world.server.post("/api/chat", visitor.question(message)).json()["assistant_message_id"], first)
    completed_row(world.server, first)
    same(world.server.post("/api/chat", visitor.question(message)).json()["assistant_message_id"], first)
    rows = world.server.get(f"/items/messages?filter[conversation_id][_eq]={visitor.conversation}").json()["data"]
    same(len(rows), 2, "rows after asking five times")


def check_events(events, reply):
    same([number for number, _, _ in events], list(range(1, len(events) + 1)), "numbers of the events")
    same(events[0][1], "accepted")
    same(events[0][2]["assistant_message_id"], reply)
    same([name for _, name, _ in events].count("done"), 1)
    same(events[-1][1], "done")
    for _, name, data in events:
        expect(name in ("accepted", "status", "delta", "reference", "suggestion", "done"), name)
        if name in ("status", "delta", "suggestion"):
            expect(isinstance(data["text"], str), data)


def test_post_streams(world):
    visitor = world.visitor()
    with world.server.connect() as c:
        c.send(request_bytes("POST", "/api/chat", visitor.question(visitor.write(QUESTION)),
                             headers={"Accept": "text/event-stream"}))
        response = c.response("POST")
    hold_to_contract("POST", "/api/chat", response)
    same(response.headers["cache-control"], "no-cache, no-transform")
    same(response.headers["x-accel-buffering"], "no")
    events = parse_events(response.body)
    reply = events[0][2]["assistant_message_id"]
    check_events(events, reply)
    same(text_of(events), completed_row(world.server, reply)["messageText"], "all pieces together")


def test_streams_cut_anywhere(world):
    """Cut at random bytes and resumed by the last whole event: the text is the row's, byte for byte."""
    reply = world.slow_visitor().start("What is on Friday afternoon, and who speaks about heat pumps?")
    server = world.slow_server
    seed = random.randrange(1 << 30)
    dice = random.Random(seed)
    events, cuts, end = [], 0, False
    while not end:
        stream = Stream(server, reply, after=events[-1][0] if events else None)
        if stream.status == 204:
            break
        same(stream.status, 200)
        end = stream.read(dice.randrange(1, 700))
        stream.close()
        cuts += not end
        whole = stream.data[:stream.data.rfind(b"\n\n") + 2]
        events += parse_events(whole)
        expect(cuts < 3000, "it goes on")
    check_events(events, reply)
    expect(cuts >= 3, f"cut only {cuts} times, seed {seed}")
    same(text_of(events), completed_row(server, reply)["messageText"], f"the text after {cuts} cuts, seed {seed}")


def test_resuming(world):
    reply = world.visitor().start(QUESTION)
    completed_row(world.server, reply)
    whole = world.server.get(f"/api/chat/{reply}/events")
    events = parse_events(whole.body)
    check_events(events, reply)
    for after in (1, 2, len(events) - 1):
        part = world.server.get(f"/api/chat/{reply}/events", headers={"Last-Event-ID": str(after)})
        same(parse_events(part.body), events[after:], f"after {after}")
        part = world.server.get(f"/api/chat/{reply}/events?after={after}")
        same(parse_events(part.body), events[after:], f"?after={after}")
    same(world.server.get(f"/api/chat/{reply}/events?after={len(events)}").status, 204)
    for wrong in ("x", "-1", "1.5", "99999999999999999999"):
        response = world.server.get(f"/api/chat/{reply}/events", headers={"Last-Event-ID": wrong})
        same(response.status, 400, wrong)
        expect("Last-Event-ID" in response.json()["error"], response.body)
    same(world.server.ask("HEAD", f"/api/chat/{reply}/events").status, 200)


def test_events_survive_a_restart(world):
    """A reply of an earlier process is rebuilt from its row: other events, the same text."""
    with world.new_server() as server:
        visitor = world.visitor(server)
        reply = visitor.start(QUESTION)
        text = completed_row(server, reply)["messageText"]
    with world.new_server() as server:
        events = parse_events(server.get(f"/api/chat/{reply}/events").body)
        same(text_of(events), text)
        same(events[-1][1], "done")
        same(server.get(f"/api/chat/{reply}").json()["text"], text)


def test_heartbeats(world):
    with world.new_server(SSE_HEARTBEAT_MS=150, COMPOSER_PACE_MS=60000) as server:
        reply = world.visitor(server).start(QUESTION)
        stream = Stream(server, reply)
        begin = time.monotonic()
        stream.wait_for(b": beat ")
        stream.wait_for(b"\n\n: beat ")
        expect(time.monotonic() - begin < 5, "beats come at their pace")
        stream.close()
        server.post(f"/api/chat/{reply}/stop", {})


def streams_open(server):
    for line in server.get("/metrics").body.decode().splitlines():
        if line.startswith('erleah_http_streams{kind="sse"}'):
            return float(line.split()[-1])
    raise Failed("there is no gauge of streams")


def test_leaving_is_noticed_and_is_not_stopping(world):
    server = world.slow_server
    reply = world.slow_visitor().start(QUESTION)
    stream = Stream(server, reply)
    stream.wait_for(b"event: accepted")
    until(lambda: streams_open(server) == 1, "the stream is counted")
    begin = time.monotonic()
    stream.close()
    until(lambda: streams_open(server) == 0, "the server notices that the reader left", 3)
    expect(time.monotonic() - begin < 3, "promptly")
    row = completed_row(server, reply)
    same(row["metadata"]["outcome"], "ok")


def test_stop(world):
    with world.new_server(COMPOSER_PACE_MS=400) as server:
        visitor = world.visitor(server)
        reply = visitor.start(QUESTION)
        stream = Stream(server, reply)
        stream.wait_for(b"event: delta")
        begin = time.monotonic()
        response = server.post(f"/api/chat/{reply}/stop", {})
        same(response.json(), {"success": True, "stopped": True})
        stream.read()
        expect(time.monotonic() - begin < 1.5, f"stopping took {time.monotonic() - begin:.2f} s")
        row = completed_row(server, reply)
        same(row["metadata"]["outcome"], "stopped")
        events = parse_events(stream.data)
        same(events[-1][1], "done")
        same(events[-1][2]["outcome"], "stopped")
        same(text_of(events), row["messageText"], "the text that is kept")
        expect(row["messageText"], "what was said is kept")
        same(server.post(f"/api/chat/{reply}/stop", {}).json(), {"success": True, "stopped": False})
        same(server.ask("POST", f"/api/chat/{reply}/stop").status, 200, "without a body")


def test_feedback(world):
    reply = world.visitor().start(QUESTION)
    completed_row(world.server, reply)
    path = f"/api/chat/{reply}/feedback"
    same(world.server.post(path, {"rating": "down", "comment": "Room is missing, Größe?"}).status, 200)
    same(row_of(world.server, reply)["metadata"]["feedback"]["comment"], "Room is missing, Größe?")
    same(world.server.post(path, {"rating": "up"}).status, 200)
    same(row_of(world.server, reply)["metadata"]["feedback"]["rating"], "up")
    for wrong in ({}, {"rating": "great"}, {"rating": 1}, {"rating": "up", "comment": 7}, [],
                  {"rating": "up", "comment": "x" * 1001}):
        same(world.server.post(path, wrong).status, 400, str(wrong)[:60])
    same(world.server.post(f"/api/chat/{uuid.uuid4()}/feedback", {"rating": "up"}).status, 404)


def test_unknown_replies(world):
    for path in ("", "/events"):
        same(world.server.get(f"/api/chat/{uuid.uuid4()}{path}").status, 404)
        expect(world.server.get(f"/api/chat/no-uuid{path}").status in (400, 404), path)
    same(world.server.post(f"/api/chat/{uuid.uuid4()}/stop", {}).status, 404)


def test_debugging_needs_the_setting(world):
    visitor = world.visitor()
    response = visitor.ask(QUESTION, path="/api/chat?debug=true&now=nonsense")
    same(response.status, 200)
    expect("debug" not in response.json(), "debug without API_DEBUG")
    same(world.server.get(f"/api/search?conference_id={world.conference}&q=water&now=2027-05-20T10:00:00%2B02:00").status, 400)
    with world.new_server(API_DEBUG="true") as server:
        visitor = world.visitor(server)
        response = visitor.ask("What is on now?", path="/api/chat?debug=true&now=2027-05-20T10:30:00%2B02:00")
        same(response.status, 200)
        debug = response.json()["debug"]
        for name in ("intent", "tools_used", "processing_time_ms", "search_results_count"):
            expect(name in debug, f"debug has no {name}: {sorted(debug)}")
        same(visitor.ask("What is on?", path="/api/chat?now=yesterday").status, 400)
        same(server.get(f"/api/search?conference_id={world.conference}&q=what+is+on+now&now=2027-05-20T10:30:00%2B02:00").status,
             200)


def test_limits_on_questions(world):
    with world.new_server(RATE_LIMIT_CONVERSATION_PER_MINUTE=2) as server:
        visitor = world.visitor(server)
        same([visitor.ask("Is there coffee?").status for _ in range(3)], [200, 200, 429])
        response = visitor.ask("And tea?")
        same(response.status, 429)
        expect(1 <= int(response.headers["retry-after"]) <= 60, response.headers)
        same(world.visitor(server).ask("Is there coffee?").status, 200, "another conversation")


def test_limits_on_addresses(world):
    with world.new_server(RATE_LIMIT_ADDRESS_PER_HOUR=2, TRUSTED_PROXIES="127.0.0.1",
                          RATE_LIMIT_EXEMPT="198.51.100.0/24") as server:
        def ask(address):
            visitor = world.visitor(server, headers={"X-Forwarded-For": address})
            message = visitor.write("Is there coffee?")
            return server.post("/api/chat", visitor.question(message), headers={"X-Forwarded-For": address})
        same([ask("203.0.113.5").status for _ in range(2)], [200, 200])
        visitor = world.visitor(server, headers={"X-Forwarded-For": "203.0.113.6"})
        message = visitor.write("Is there coffee?")
        response = server.post("/api/chat", visitor.question(message), headers={"X-Forwarded-For": "203.0.113.5"})
        same(response.status, 429, "the third question of an address")
        expect(int(response.headers["retry-after"]) >= 1, response.headers)
        same(server.post("/api/chat", visitor.question(message), headers={"X-Forwarded-For": "203.0.113.6"}).status, 200,
             "another address")
        for _ in range(4):
            same(ask("198.51.100.9").status, 200, "an address that is exempt")


def test_search(world):
    response = world.server.get(f"/api/search?conference_id={world.conference}&q=water&entity=sessions&limit=3&why=true")
    same(response.status, 200)
    result = response.json()
    same(result["kind"], "entities")
    same(len(result["results"]), 3)
    expect(all(r["type"] == "session" for r in result["results"]), result["results"])
    expect(all("why" in r for r in result["results"]), "why explains every rank")
    scores = [r["score"] for r in result["results"]]
    same(scores, sorted(scores, reverse=True), "best first")
    same(world.server.get(f"/api/search?conference_id={world.conference}&q=wi-fi").json()["kind"], "info")
    response = world.server.get("/api/search?q=water")
    same(response.status, 404, "two conferences and none named")
    expect("Tidewater" in response.json()["error"], response.body)
    for query, name in (("limit=0", "limit"), ("limit=51", "limit"), ("limit=x", "limit"), ("plce=x", "plce"),
                        ("q=%ff", "q"), ("q=%00", "q"), ("entity=rooms", "entity")):
        base = f"/api/search?conference_id={world.conference}&"
        response = world.server.get(base + ("" if query.startswith("q=") else "q=water&") + query)
        same(response.status, 400, query)
        expect(name in response.json()["error"], response.body)
    same(world.server.get(f"/api/search?q=water&conference_id={uuid.uuid4()}").status, 404)
    same(world.server.get(f"/api/search?conference_id={world.conference}&q=" + "x" * 2001).status, 422, "2,001 characters")


def test_search_stays_in_its_conference(world):
    response = world.server.get(f"/api/search?conference_id={world.other_conference}&q=water&limit=50").json()
    known = {s["id"] for s in world.records["sessions"]}
    expect(not known & {r["id"] for r in response["results"]}, "results of another conference")


def test_no_place_to_wait(world):
    """Streams leave 16 threads free; who comes too late is told when to come again."""
    with world.new_server(API_THREADS=24, COMPOSER_PACE_MS=60000, DRAIN_GRACE_MS=100) as server:
        visitor = world.visitor(server)
        message = visitor.write(QUESTION)
        reply = server.post("/api/chat", visitor.question(message)).json()["assistant_message_id"]
        streams = [Stream(server, reply) for _ in range(8)]
        same([s.status for s in streams], [200] * 8)
        for stream in streams:
            stream.wait_for(b"event: accepted")
        late = server.get(f"/api/chat/{reply}/events")
        same(late.status, 503)
        expect(int(late.headers["retry-after"]) >= 1, late.headers)
        same(visitor.ask("More?", headers={"Prefer": "wait=5"}).status, 503)
        same(visitor.ask("More?", headers={"Accept": "text/event-stream"}).status, 503)
        same(server.get("/health").status, 200)
        same(visitor.ask("More?").status, 200, "who does not wait is served")
        streams.pop().close()
        until(lambda: server.ask("HEAD", f"/api/chat/{reply}/events").status == 200, "a place is free again")
        for stream in streams:
            stream.close()


def test_a_reader_who_does_not_read(world):
    """It holds up nobody: the turn, its row and other readers go on."""
    server = world.slow_server
    reply = world.slow_visitor().start(QUESTION)
    lazy = Connection(server.port)
    lazy.send(request_bytes("GET", f"/api/chat/{reply}/events"))
    stream = Stream(server, reply)
    stream.read()
    same(text_of(parse_events(stream.data)), completed_row(server, reply)["messageText"])
    lazy.close()
