"""The part of Directus' REST that the widget uses."""
import uuid

from harness import Visitor, expect, problems, same

CONVERSATION = {"$ref": "#/components/schemas/Conversation"}
MESSAGE = {"$ref": "#/components/schemas/Message"}


def code(response):
    return response.json()["errors"][0]["extensions"]["code"]


def test_conversations_are_made_here(world):
    wanted = str(uuid.uuid4())
    response = world.server.post("/items/conversations", {
        "id": wanted, "conference_id": world.conference, "status": "closed", "user_created": "admin", "source": "x" * 999,
        "is_admin": True, "date_created": "1970-01-01T00:00:00Z"})
    same(response.status, 200)
    row = response.json()["data"]
    expect(not problems(CONVERSATION, row), f"{problems(CONVERSATION, row)}")
    same((row["id"], row["status"], row["user_created"], row["source"]), (wanted, "active", "public-user", "mini"))
    expect("is_admin" not in row and not row["date_created"].startswith("1970"), row)
    same(world.server.get(f"/items/conversations/{wanted}").json()["data"], row)
    response = world.server.post("/items/conversations", {"conference_id": world.conference})
    expect(not problems(CONVERSATION, response.json()["data"]), "an id is made")


def test_messages_are_made_here(world):
    visitor = world.visitor()
    response = world.server.post("/items/messages", {
        "conversation_id": visitor.conversation, "role": "assistant", "messageText": "\u00a1Hola! \U0001f30a \"q\" \\ \n",
        "status": "streaming", "metadata": {"outcome": "ok"}, "user_created": "assistant"})
    same(response.status, 200)
    row = response.json()["data"]
    expect(not problems(MESSAGE, row), f"{problems(MESSAGE, row)}")
    same((row["role"], row["status"], row["metadata"], row["user_created"]), ("user", "completed", None, "public-user"))
    same(row["messageText"], "\u00a1Hola! \U0001f30a \"q\" \\ \n")


def test_rows_that_are_refused(world):
    visitor = world.visitor()
    message = {"conversation_id": visitor.conversation, "messageText": "x"}
    cases = [
        ("conversations", {}, "FAILED_VALIDATION"),
        ("conversations", {"conference_id": "x"}, "INVALID_PAYLOAD"),
        ("conversations", {"conference_id": 7}, "INVALID_PAYLOAD"),
        ("conversations", {"conference_id": str(uuid.uuid4())}, "INVALID_FOREIGN_KEY"),
        ("conversations", {"conference_id": world.conference, "id": "x"}, "INVALID_PAYLOAD"),
        ("conversations", [{"conference_id": world.conference}], "INVALID_PAYLOAD"),
        ("messages", {"messageText": "x"}, "FAILED_VALIDATION"),
        ("messages", {"conversation_id": visitor.conversation}, "INVALID_PAYLOAD"),
        ("messages", dict(message, messageText=7), "INVALID_PAYLOAD"),
        ("messages", dict(message, messageText=None), "INVALID_PAYLOAD"),
        ("messages", dict(message, id=7), "INVALID_PAYLOAD"),
        ("messages", dict(message, conversation_id=str(uuid.uuid4())), "INVALID_FOREIGN_KEY"),
    ]
    for collection, row, wanted in cases:
        response = world.server.post(f"/items/{collection}", row)
        same((response.status, code(response)), (400, wanted), f"{collection} {row}")
    for body in (b"", b"{", b'{"a":"\xff"}', b'{"a":"\\u0000"}', b"[" * 10000):
        same(world.server.post("/items/messages", body).status, 400, body[:20])
    same(world.server.ask("POST", "/items/messages", b"{}", {"Content-Type": "text/plain"}).status, 415)
    same(world.server.post("/items/messages", b" " * 70000).status, 413)
    for collection in ("sessions", "conferences", "directus_users", "nothing"):
        response = world.server.post(f"/items/{collection}", {})
        same((response.status, code(response)), (403, "FORBIDDEN"), collection)


def test_ids_are_unique(world):
    visitor = world.visitor()
    message = visitor.write("first")
    response = world.server.post("/items/conversations", {"id": visitor.conversation, "conference_id": world.conference})
    same((response.status, code(response)), (400, "RECORD_NOT_UNIQUE"))
    response = world.server.post("/items/messages", {"id": message, "conversation_id": visitor.conversation,
                                                     "messageText": "second"})
    same((response.status, code(response)), (400, "RECORD_NOT_UNIQUE"))
    same(world.server.get(f"/items/messages/{message}").json()["data"]["messageText"], "first")


def test_what_may_be_read(world):
    visitor = world.visitor()
    message = visitor.write("hello")
    for path in ("/items/conversations", "/items/messages", "/items/messages?limit=1",
                 "/items/messages?filter[role][_eq]=user", "/items/conversations?filter[conference_id][_eq]=" + world.conference,
                 "/items/nothing", "/items/directus_users", f"/items/messages/{uuid.uuid4()}", "/items/sessions/none",
                 f"/items/conversations/{message}"):
        response = world.server.get(path)
        same((response.status, code(response)), (403, "FORBIDDEN"), path)
    rows = world.server.get(f"/items/conversations?filter[id][_eq]={visitor.conversation}").json()["data"]
    same([r["id"] for r in rows], [visitor.conversation])
    rows = world.server.get(f'/items/messages?filter={{"conversation_id":{{"_eq":"{visitor.conversation}"}}}}').json()["data"]
    same([r["id"] for r in rows], [message])
    rows = world.server.get(f"/items/messages?filter[id][_eq]={message}&fields=id,messageText").json()["data"]
    same(rows, [{"id": message, "messageText": "hello"}])
    same(world.server.get(f"/items/messages/{message}?fields=status").json(), {"data": {"status": "completed"}})
    same(world.server.get(f"/items/messages?filter[id][_eq]={uuid.uuid4()}").json(), {"data": []})


def test_lists(world):
    visitor = world.visitor()
    messages = [visitor.write(f"number {n}") for n in range(5)]
    base = f"/items/messages?filter[conversation_id][_eq]={visitor.conversation}"

    def numbers(more):
        return [r["messageText"][-1] for r in world.server.get(base + more).json()["data"]]
    same(numbers("&sort=date_created"), list("01234"))
    same(numbers("&sort=-date_created"), list("43210"))
    same(numbers("&sort=date_created&limit=2"), list("01"))
    same(numbers("&sort=date_created&limit=2&offset=3"), list("34"))
    same(numbers("&sort=date_created&limit=2&page=2"), list("23"))
    same(len(numbers("&limit=-1")), len(messages))
    for wrong in ("&limit=x", "&filter[id][_in]=a", "&search=x", "&aggregate[count]=*", "&fields=a.b", "&sort=;",
                  "&filter[messageText][_contains]=number", "&filter[nothing][_eq]=x", "&sort=nothing", "&filter={", "&filter[id][_eq]=%ff"):
        response = world.server.get(base + wrong)
        same((response.status, code(response)), (400, "INVALID_QUERY"), wrong)


def test_records(world):
    conferences = world.server.get("/items/conferences").json()["data"]
    same({c["id"] for c in conferences}, {world.conference, world.other_conference})
    conference = world.server.get(f"/items/conferences/{world.conference}").json()["data"]
    same(conference["name"], world.records["conference"]["name"])
    session = world.records["sessions"][3]
    got = world.server.get(f"/items/sessions/{session['id']}").json()["data"]
    same((got["id"], got["title"], got["conference_id"]), (session["id"], session["title"], world.conference))
    for collection in ("sessions", "speakers", "exhibitors"):
        rows = world.server.get(f"/items/{collection}?filter[conference_id][_eq]={world.conference}"
                                "&fields=id,conference_id&limit=500").json()["data"]
        same({r["id"] for r in rows}, {r["id"] for r in world.records[collection]}, collection)
        same({r["conference_id"] for r in rows}, {world.conference})
    same(len(world.server.get("/items/sessions?limit=3").json()["data"]), 3)


def test_closing_is_the_only_change(world):
    visitor = world.visitor()
    message = visitor.write("mine")
    path = f"/items/conversations/{visitor.conversation}"
    for wrong in ({}, {"status": "active"}, {"status": "closed", "user_created": "x"}, {"conference_id": world.other_conference},
                  {"status": 1}):
        response = world.server.ask("PATCH", path, wrong)
        same((response.status, code(response)), (403, "FORBIDDEN"), wrong)
    response = world.server.ask("PATCH", f"/items/messages/{message}", {"messageText": "other"})
    same((response.status, code(response)), (403, "FORBIDDEN"))
    response = world.server.ask("PATCH", f"/items/conversations/{uuid.uuid4()}", {"status": "closed"})
    same((response.status, code(response)), (403, "FORBIDDEN"))
    same(world.server.ask("PATCH", path, b"[]").status, 400)
    same(world.server.get(path).json()["data"]["status"], "active")
    response = world.server.ask("PATCH", path, {"status": "closed"})
    same(response.status, 200)
    same(response.json()["data"]["status"], "closed")
    same(world.server.get(path).json()["data"]["status"], "closed")


def test_errors_have_the_form_of_directus(world):
    for method, path in (("DELETE", "/items/messages/x"), ("PUT", "/items/messages"), ("GET", "/items/a/b/c"),
                         ("GET", "/items/messages")):
        response = world.server.ask(method, path)
        expect(code(response) in ("METHOD_NOT_ALLOWED", "ROUTE_NOT_FOUND", "FORBIDDEN"), response.body)
    same(world.server.get("/server/ping").body, b"pong")


def test_making_rows_is_limited(world):
    with world.new_server(RATE_LIMIT_ADDRESS_PER_HOUR=2, TRUSTED_PROXIES="127.0.0.1,10.0.0.0/8",
                          RATE_LIMIT_EXEMPT="192.0.2.0/24") as server:
        def make(forwarded):
            return server.post("/items/conversations", {"conference_id": world.conference},
                               headers={"X-Forwarded-For": forwarded})
        same([make("203.0.113.1").status for _ in range(6)], [200] * 6)
        response = make("203.0.113.1")
        same((response.status, code(response)), (429, "REQUESTS_EXCEEDED"))
        expect(int(response.headers["retry-after"]) > 1, response.headers)
        same(make("6.6.6.6, 203.0.113.1").status, 429, "an address that the visitor made up")
        same(make("203.0.113.1, 10.1.1.1").status, 429, "two proxies")
        same(make("203.0.113.2").status, 200, "another address")
        same([make("192.0.2.50").status for _ in range(20)], [200] * 20, "an exempt network")
        patch = server.ask("PATCH", f"/items/conversations/{uuid.uuid4()}", {"status": "closed"},
                           headers={"X-Forwarded-For": "203.0.113.1"})
        same(patch.status, 429)
    with world.new_server(RATE_LIMIT_ADDRESS_PER_HOUR=1) as server:
        same([server.post("/items/conversations", {"conference_id": world.conference},
                          headers={"X-Forwarded-For": f"203.0.113.{n}"}).status for n in range(4)], [200, 200, 200, 429],
             "without trusted proxies the header counts for nothing")


def test_a_visitor_of_another_conference(world):
    visitor = Visitor(world.server, world.other_conference)
    reply = visitor.start("Who speaks?")
    rows = world.server.get(f"/items/messages?filter[conversation_id][_eq]={visitor.conversation}").json()["data"]
    expect(reply in {r["id"] for r in rows}, rows)
