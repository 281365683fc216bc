#!/usr/bin/env python3
"""Whole turns through the real server with a language model: tests/support/anthropic/fake.mjs speaks its protocol.

    test_model.py --server build/server/erleah-server --ingest build/ingest/erleah-ingest [name...]

Every case starts a server of its own, so that no circuit breaker remembers the case before.  Prints `ok name` or
`FAILED name`, and `N passed, N failed` at the end.  --requests FILE keeps all requests that the double took.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "server"))
from harness import (Server, Stream, Visitor, completed_row, expect, parse_events, plain_environment, same,  # noqa: E402
                     text_of, until)

CONFERENCE = ROOT / "examples" / "conference" / "conference.json"
QUESTION = "When is Sponge streets after ten years?"
TITLE = "Sponge streets after ten years: what the meters say"
KEY = "sk-ant-test-0123456789"
BASIC = "basic answer"


class Fake:
    """The double, in a process of its own."""

    def __init__(self, port=0):
        self.process = subprocess.Popen(["node", ROOT / "tests/support/anthropic/fake.mjs", "--port", str(port)],
                                        stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        self.port = int(self.process.stdout.readline().split()[-1])
        self.url = f"http://127.0.0.1:{self.port}"
        self.kept = []

    def control(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/control/{path}", data, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())

    def plan(self, *behaviours):
        self.control("POST", "plan", list(behaviours))

    def always(self, **behaviour):
        self.control("POST", "always", behaviour)

    def requests(self, stream=None):
        found = self.control("GET", "requests")
        return [r for r in found if stream is None or ("body" in r and bool(r["body"].get("stream")) == stream)]

    def forget(self):
        found = self.requests()
        self.kept += [r["body"] for r in found if "body" in r]
        self.control("DELETE", "requests")
        self.plan()
        self.always()
        return found

    def kill(self):
        self.process.kill()
        self.process.wait(10)
        self.process.stdout.close()

    def stop(self):
        self.process.terminate()
        self.process.wait(10)
        self.process.stdout.close()


class World:
    def __init__(self, options):
        self.options = options
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="erleah-model-"))
        self.records = json.loads(CONFERENCE.read_text(encoding="utf-8"))
        self.conference = self.records["conference"]["id"]
        ended = subprocess.run([options.ingest, "all", str(CONFERENCE)], capture_output=True, text=True, timeout=120,
                               env=dict(plain_environment(), ERLEAH_DATA=str(self.folder)), stdin=subprocess.DEVNULL)
        expect(ended.returncode == 0, f"ingest: {ended.stdout}{ended.stderr}")
        self.fake = Fake()

    def server(self, **settings):
        chosen = dict(ANTHROPIC_API_KEY=KEY, ANTHROPIC_BASE_URL=self.fake.url, ERLEAH_NOW="2027-05-20T09:00:00+02:00",
                      API_DEBUG="true", TURN_TIMEOUT_MS=20000)
        chosen.update(settings)
        return Server(self.options, self.folder, **chosen)

    def session(self):
        return next(s for s in self.records["sessions"] if s["title"] == TITLE)


class Asked:
    """A question's end, as the visitor sees it."""

    def __init__(self, server, world, question=QUESTION, visitor=None, limit_s=30):
        self.visitor = visitor or Visitor(server, world.conference)
        began = time.monotonic()
        response = self.visitor.ask(question, headers={"Prefer": f"wait={limit_s}"})
        self.seconds = time.monotonic() - began
        same(response.status, 200, response.body)
        self.message = response.json()["message"]
        self.text, self.outcome, self.mode = (self.message[k] for k in ("text", "outcome", "mode"))
        self.row = completed_row(server, self.message["id"])
        same(self.row["messageText"], self.text, "the row's text")


def metadata(row):
    found = row["metadata"]
    return json.loads(found) if isinstance(found, str) else found


def streams(world):
    return world.fake.requests(stream=True)


def plain_answer(world):
    """What the double says to QUESTION, to the end."""
    with world.server() as server:
        asked = Asked(server, world)
    world.fake.forget()
    return asked.text


# --- All is well ------------------------------------------------------------------------------------


def test_a_question_is_answered_by_the_model(world):
    with world.server() as server:
        asked = Asked(server, world)
        same((asked.outcome, asked.mode), ("ok", "full"))
        session = world.session()
        for part in (TITLE, session["location"], session["start_time"][11:16], session["end_time"][11:16],
                     session["start_time"][:10]):
            expect(part in asked.text, f"{part!r} is not in {asked.text!r}")
        expect("[[" not in asked.text, asked.text)
        same([(r["type"], r["name"]) for r in asked.message["references"]], [("session", TITLE)])
        same(asked.message["references"][0]["id"], session["id"])
        usage = metadata(asked.row)["usage"]
        same(usage["model"], "claude-sonnet-5-5")
        expect(usage["input_tokens"] > 0 and usage["output_tokens"] > 0, usage)
        services = server.log_lines("services")[0]
        same((services["llm"], services["llm_because"], services["model"], services["fast_model"]),
             ("anthropic", "ANTHROPIC_API_KEY is set", "claude-sonnet-5-5", "claude-haiku-5-5"))
        calls = server.log_lines("llm.call")
        same([c["purpose"] for c in calls], ["understand", "respond"])
        same([c["request_id"] for c in calls], [r["request_id"] for r in world.fake.requests()])
        expect(KEY not in server.log(), "the key is in the log")
        metrics = server.get("/metrics").body.decode()
        expect('erleah_llm_tokens_total{kind="input"}' in metrics and 'erleah_breaker_state{upstream="claude-sonnet-5-5"} 0'
               in metrics, metrics)
        expect(KEY not in metrics, "the key is in /metrics")


def test_a_base_url_may_end_as_others_do(world):
    for end in ("/", "/v1", "/v1/"):
        with world.server(ANTHROPIC_BASE_URL=world.fake.url + end) as server:
            same(Asked(server, world).mode, "full", end)


def test_a_base_url_is_enough(world):
    """A server of one's own may need no key; this double wants one, so the answer is the composer's."""
    with world.server(ANTHROPIC_API_KEY="") as server:
        same(server.log_lines("services")[0]["llm_because"], "ANTHROPIC_BASE_URL is set")
        asked = Asked(server, world)
        same((asked.outcome, asked.mode), ("ok", "basic"))
        expect("x-api-key" not in streams(world)[0]["headers"] if streams(world) else True, "a key was sent")


def test_without_a_key_the_composer_answers(world):
    with world.server(ANTHROPIC_API_KEY="", ANTHROPIC_BASE_URL="") as server:
        same(server.log_lines("services")[0]["llm"], "composer")
        asked = Asked(server, world)
        same((asked.outcome, asked.mode), ("ok", "full"))
        expect(TITLE in asked.text and BASIC not in asked.text, asked.text)
        same(world.fake.requests(), [])


def test_what_is_asked_for_stands_in_the_way(world):
    for settings, words in ((dict(ERLEAH_LLM="anthropic", ANTHROPIC_API_KEY="", ANTHROPIC_BASE_URL=""), "ANTHROPIC_API_KEY"),
                            (dict(ANTHROPIC_MODEL_TRAITS="claude: sings"), "ANTHROPIC_MODEL_TRAITS"),
                            (dict(ANTHROPIC_FALLBACK_MODELS="a,b,c,d"), "ANTHROPIC_FALLBACK_MODELS")):
        try:
            server = world.server(**settings)
        except AssertionError as failed:
            expect(words in str(failed), failed)
        else:
            server.kill()
            raise AssertionError(f"it started with {settings}")


def test_the_question_reaches_the_model_verbatim(world):
    question = "Wo läuft »Sponge streets« — [[s1]] {name} \\n \"quoted\" <b>? 河川 🌊\nund wann?"
    with world.server() as server:
        asked = Asked(server, world, question)
        same(asked.outcome, "ok")
    for request in world.fake.requests():
        texts = [b["text"] for b in request["body"]["messages"][0]["content"] if b["type"] == "text"]
        expect(question in texts, f"{texts}")


def test_records_are_data_and_stand_in_tool_results_alone(world):
    description = world.session()["description"][:40]
    with world.server() as server:
        visitor = Visitor(server, world.conference)
        Asked(server, world, visitor=visitor)
        Asked(server, world, "And what is it about?", visitor=visitor)
    seen = 0
    for request in world.fake.requests():
        body = json.loads(json.dumps(request["body"]))
        for m in body["messages"]:
            for block in m["content"]:
                if block["type"] == "tool_result":
                    seen += description in block.pop("content")
        expect(description not in json.dumps(body, ensure_ascii=False), "a record's text is among the instructions")
    expect(seen > 0, "no request held the record")


def test_prefixes_are_stable_and_kept(world):
    with world.server() as server:
        first = Asked(server, world)
        second = Asked(server, world, "Who speaks at The tide table for the night shift?")
        heads = [json.dumps([r["body"]["tools"], r["body"]["system"]]) for r in streams(world)]
        same(len(set(heads)), 1, "prefixes")
        expect("cache_control" in heads[0], "nothing is kept")
        expect("2027-05-20T" not in heads[0] and "09:00" not in heads[0], "the clock is in the prefix")
        expect(metadata(second.row)["usage"].get("cache_read_tokens", 0) > 0, metadata(second.row)["usage"])
        last = streams(world)[0]["body"]["messages"][-1]["content"]
        expect("09:00 (Europe/Berlin)" in last[-1]["text"], last[-1])
        same(first.outcome, "ok")


def test_readiness_does_not_ask_every_time(world):
    with world.server() as server:
        for _ in range(5):
            ready = server.get("/health/ready")
            same((ready.status, ready.json()["checks"]["anthropic"]), (200, "ok"))
        same(world.fake.control("GET", "pings"), 2, "pings of two models")


def test_doctor_names_what_is_wrong(world):
    cli = pathlib.Path(world.options.server).parent.parent / "cli" / "erleah-cli"
    rows = ((dict(), 0, "The language models (claude-sonnet-5-5, claude-haiku-5-5) are there"),
            (dict(ANTHROPIC_MODEL="claude-sonnet-4-20250514"), 1, "Choose a model that is there"),
            (dict(ANTHROPIC_API_KEY="wrong"), 1, "Check ANTHROPIC_API_KEY"),
            (dict(ANTHROPIC_BASE_URL="http://127.0.0.1:1"), 1, "Check ANTHROPIC_BASE_URL"))
    for more, code, words in rows:
        env = dict(plain_environment(), ERLEAH_DATA=str(world.folder), ANTHROPIC_API_KEY=KEY,
                   ANTHROPIC_BASE_URL=world.fake.url, **{})
        env.update(more)
        done = subprocess.run([cli, "doctor"], env=env, capture_output=True, text=True, timeout=60,
                              stdin=subprocess.DEVNULL)
        expect(words in done.stdout, f"{more}: {done.stdout}{done.stderr}")
        same(done.returncode, code, f"{more}: {done.stdout}")


def test_history_is_told_in_turns(world):
    with world.server() as server:
        visitor = Visitor(server, world.conference)
        for question in (QUESTION, "Who speaks there?", "And where?"):
            same(Asked(server, world, question, visitor).outcome, "ok")
    body = streams(world)[-1]["body"]
    same([m["role"] for m in body["messages"]], ["user", "assistant", "user", "assistant", "user", "assistant", "user"])
    same(body["messages"][0]["content"][0]["text"], QUESTION)


def test_another_language_is_read_by_the_model(world):
    question = "Quando é a sessão sobre as ruas esponja depois de dez anos?"
    with world.server() as server:
        world.fake.plan({"for": "json", "json": {"language": "pt-BR", "question": QUESTION, "follow_up": False,
                                                 "intent": "SESSION_SEARCH"}})
        asked = Asked(server, world, question)
    expect(TITLE in asked.text, asked.text)
    same(metadata(asked.row)["understood"]["language"], "pt-BR")
    reminder = streams(world)[0]["body"]["messages"][-1]["content"][-1]["text"]
    expect("pt-BR" in reminder, reminder)


def test_a_follow_up_that_no_rule_sees(world):
    with world.server() as server:
        visitor = Visitor(server, world.conference)
        Asked(server, world, "Where is lunch?", visitor)
        world.fake.plan({"for": "json", "json": {"language": "en", "question": QUESTION, "follow_up": True,
                                                 "intent": "session_search"}})
        asked = Asked(server, world, "the meters thing we talked of at lunch, remember", visitor)
    expect(TITLE in asked.text, asked.text)


def test_what_the_model_reads_may_be_nonsense(world):
    for behaviour in ({"json": "I would rather not."}, {"json": {"language": "en"}}, {"json": {"language": 7, "question": "x"}},
                      {"json": {"language": "en", "question": "x" * 3000, "follow_up": False, "intent": "session_search"}},
                      {"json": {"language": "../..", "question": "x", "follow_up": False, "intent": "session_search"}},
                      {"status": 500}, {"status": 400}, {"stop_reason": "refusal"}, {"stop_reason": "max_tokens"}):
        with world.server() as server:
            world.fake.plan(dict(behaviour, **{"for": "json"}))
            asked = Asked(server, world)
            same((asked.outcome, asked.mode), ("ok", "full"), behaviour)
            expect(TITLE in asked.text, asked.text)


def test_a_model_that_cannot_do_json_still_answers(world):
    with world.server(ANTHROPIC_MODEL="claude-haiku-5-5") as server:
        world.fake.always(**{"for": "json", "json": "What a question!"})
        for _ in range(12):
            asked = Asked(server, world)
            same((asked.outcome, asked.mode), ("ok", "full"))
        expect('erleah_breaker_state{upstream="claude-haiku-5-5"} 0' in server.get("/metrics").body.decode(), "it is open")


def test_a_slow_reader_of_questions_is_not_waited_for(world):
    with world.server(UNDERSTAND_TIMEOUT_MS=400) as server:
        world.fake.plan({"for": "json", "hang": True})
        asked = Asked(server, world)
        same((asked.outcome, asked.mode), ("ok", "full"))
        expect(TITLE in asked.text and asked.seconds < 3, f"{asked.seconds} {asked.text}")


def test_text_reaches_the_visitor_while_it_is_written(world):
    with world.server() as server:
        world.fake.plan({"for": "stream", "pace_ms": 60})
        visitor = Visitor(server, world.conference)
        stream = Stream(server, visitor.start(QUESTION))
        stream.wait_for(b"event: delta")
        request = streams(world)[0]
        expect(not request["whole"], "the first text came after the last")
        stream.read()
        events = parse_events(stream.data)
        same(events[-1][1], "done")
        expect(sum(name == "delta" for _, name, _ in events) > 5, "it came in one piece")
        expect(TITLE in text_of(events), text_of(events))


# --- What the service does not take, or has too much of ------------------------------------------------

# behaviours of the streamed requests, one after the other; the model that answered, or None for the composer; requests made
FAILURES = {
    "rate limited, with milliseconds": ([{"status": 429, "headers": {"retry-after-ms": "120"}}], "sonnet", 2),
    "rate limited, with seconds": ([{"status": 429, "headers": {"retry-after": "1"}}], "sonnet", 2),
    "rate limited for longer than there is time": ([{"status": 429, "headers": {"retry-after": "59"}}], "haiku", 2),
    "overloaded once": ([{"status": 529}], "sonnet", 2),
    "overloaded twice": ([{"status": 529}, {"status": 529}], "sonnet", 3),
    "overloaded thrice": ([{"status": 529}] * 3, "haiku", 4),
    "overloaded for all": ([{"status": 529}] * 6, None, 6),
    "a fault": ([{"status": 500}], "sonnet", 2),
    "a gateway's page": ([{"status": 502, "html": True}], "sonnet", 2),
    "their timeout": ([{"status": 504}], "sonnet", 2),
    "told not to try again": ([{"status": 500, "headers": {"x-should-retry": "false"}}], "haiku", 2),
    "a bad request": ([{"status": 400, "error": "messages: no"}], "haiku", 2),
    "too large": ([{"status": 413}], "haiku", 2),
    "a model that is gone": ([{"status": 404}], "haiku", 2),
    "a key that does not count": ([{"status": 401}], None, 1),
    "no right to it": ([{"status": 403}], None, 1),
    "no money left": ([{"status": 402}], None, 1),
    "a spend limit": ([{"status": 429, "details": {"error_code": "enforced_spend_limit_reached"}}], None, 1),
    "one's own limit": ([{"status": 400, "error": "You have reached your specified API usage limits."}], None, 1),
    "reset before the first word": ([{"cut_after": 0}], "sonnet", 2),
    "ended before the first word": ([{"cut_after": 0, "how": "end"}], "sonnet", 2),
    "an error event before the first word": ([{"cut_after": 0, "how": "error"}], "sonnet", 2),
    "an error event that is no use": ([{"cut_after": 0, "how": "error", "error": "authentication_error"}], None, 1),
    "nothing said": ([{"text": ""}], None, 1),
    "nothing but blanks": ([{"text": " \n\n "}], None, 1),
    "a refusal": ([{"text": "", "stop_reason": "refusal"}], None, 1),
}


def test_failures_before_the_first_word(world):
    """The visitor gets the whole answer in time, whatever failed."""
    for name, (behaviours, who, n) in FAILURES.items():
        with world.server(LOG_LEVEL="debug") as server:
            world.fake.plan(*[dict(b, **{"for": "stream"}) for b in behaviours])
            asked = Asked(server, world)
            same(asked.outcome, "ok", name)
            expect(TITLE in asked.text, f"{name}: {asked.text!r}")
            same(len(streams(world)), n, f"{name}: requests")
            if who:
                same(asked.mode, "full", name)
                expect(who in metadata(asked.row)["usage"]["model"], f"{name}: {metadata(asked.row)['usage']}")
                expect(BASIC not in asked.text, name)
            else:
                same(asked.mode, "basic", name)
                expect(BASIC in asked.text, f"{name}: {asked.text!r}")
            expect(asked.seconds < 12, f"{name}: {asked.seconds} s")
            if "status" in behaviours[0] and "html" not in behaviours[0]:
                failed = [line for line in server.log_lines("llm.call") if "cause" in line]
                expect(failed and failed[0]["request_id"].startswith("req_"), f"{name}: {failed}")
            expect(KEY not in server.log(), name)
        world.fake.forget()


def test_retry_after_is_obeyed(world):
    for header, value, least in (("retry-after-ms", "700", 0.7), ("retry-after", "1", 1.0)):
        with world.server() as server:
            world.fake.plan({"for": "stream", "status": 429, "headers": {header: value}})
            same(Asked(server, world).mode, "full")
            first, second = (r["at_ms"] for r in streams(world))
            expect(least <= (second - first) / 1000 <= least * 1.1 + 0.4, f"{header}: {second - first} ms")
        world.fake.forget()


def test_a_silent_model_is_left_for_the_next(world):
    with world.server(LLM_SILENCE_MS=500) as server:
        world.fake.plan({"for": "stream", "hang": True})
        asked = Asked(server, world)
        same((asked.outcome, asked.mode), ("ok", "full"))
        expect("haiku" in metadata(asked.row)["usage"]["model"] and asked.seconds < 3, asked.seconds)
        until(lambda: "closed_ms" in streams(world)[0], "the silent request is closed")


def test_the_deadline_holds_when_every_model_hangs(world):
    with world.server(TURN_TIMEOUT_MS=4000, LLM_SILENCE_MS=60000, UNDERSTAND_TIMEOUT_MS=500) as server:
        world.fake.always(hang=True)
        asked = Asked(server, world)
        same((asked.outcome, asked.mode), ("ok", "basic"))
        expect(TITLE in asked.text and BASIC in asked.text, asked.text)
        expect(asked.seconds < 4.5, f"{asked.seconds} s")


def test_nobody_listens_at_the_address(world):
    with world.server(ANTHROPIC_BASE_URL="http://127.0.0.1:1") as server:
        asked = Asked(server, world)
        same((asked.outcome, asked.mode), ("ok", "basic"))
        expect(TITLE in asked.text and asked.seconds < 12, f"{asked.seconds} {asked.text}")
        ready = server.get("/health/ready")
        same((ready.status, ready.json()["checks"]["anthropic"]), (200, "degraded"))


def test_an_upstream_that_fails_is_left_alone_and_asked_again(world):
    with world.server() as server:
        world.fake.always(status=529)
        for _ in range(4):
            same(Asked(server, world).mode, "basic")
        before = len(world.fake.requests())
        asked = Asked(server, world)
        same(asked.mode, "basic")
        expect(len(world.fake.requests()) - before <= 2, "a broken upstream was asked again and again")
        expect(asked.seconds < 1, f"{asked.seconds} s for what is known to fail")
        expect('erleah_breaker_state{upstream="claude-sonnet-5-5"} 0' not in server.get("/metrics").body.decode(), "closed")
        same(server.get("/health/ready").json()["checks"]["anthropic"], "degraded")
        world.fake.always()
        until(lambda: Asked(server, world).mode == "full", "the model is asked again", pause_s=0.5)


# --- In the middle of an answer ------------------------------------------------------------------------


def test_a_broken_stream_is_gone_on_with(world):
    """Byte for byte the text that an unbroken stream gives: no word twice, none missing."""
    whole = plain_answer(world)
    n = 0
    for how in ("reset", "end", "error", "silence"):
        for begin in ("go_on", "repeat", "anew"):
            for cut in (1, 9, 17) if how == "reset" else (4, 14):
                with world.server(LLM_SILENCE_MS=400 if how == "silence" else 15000) as server:
                    world.fake.plan({"for": "stream", "cut_after": cut, "how": how}, {"for": "stream", "begin": begin})
                    asked = Asked(server, world)
                    at = f"{how}, {begin}, after {cut} pieces"
                    same(asked.text, whole, at)
                    same((asked.outcome, asked.mode), ("ok", "full"), at)
                    same([r["name"] for r in asked.message["references"]], [TITLE], at)
                    same(len(streams(world)), 2, at)
                    n += 'erleah_llm_continued_total{by="' in server.get("/metrics").body.decode()
                world.fake.forget()
    same(n, 27, "answers that are counted as gone on with")


def test_a_stream_that_breaks_again_and_again(world):
    whole = plain_answer(world)
    with world.server() as server:
        world.fake.plan(*[{"for": "stream", "cut_after": 3, "how": how} for how in ("reset", "error", "end", "reset")])
        asked = Asked(server, world)
        same(asked.text, whole)
        same(len(streams(world)), 5)
        expect("haiku" in metadata(asked.row)["usage"]["model"], "the next model went on")


def test_when_nobody_goes_on_the_composer_does(world):
    with world.server() as server:
        world.fake.always(**{"for": "stream", "cut_after": 2})
        asked = Asked(server, world)
        same((asked.outcome, asked.mode), ("ok", "basic"))
        expect(asked.text.startswith("This is what") and TITLE in asked.text and BASIC in asked.text, asked.text)


def test_stop_closes_the_upstream_stream(world):
    with world.server() as server:
        world.fake.always(**{"for": "stream", "pace_ms": 100})
        visitor = Visitor(server, world.conference)
        reply = visitor.start(QUESTION)
        stream = Stream(server, reply)
        stream.wait_for(b"event: delta")
        stopped_ms = time.time() * 1000
        same(server.post(f"/api/chat/{reply}/stop", {}).status, 200)
        closed_ms = until(lambda: streams(world)[0].get("closed_ms"), "the stream is closed", pause_s=0.02)
        expect(closed_ms - stopped_ms < 250, f"{closed_ms - stopped_ms} ms")
        row = completed_row(server, reply)
        same(metadata(row)["outcome"], "stopped")
        expect(row["messageText"] and not streams(world)[0]["whole"], row)


def test_a_visitor_who_leaves_stops_nothing(world):
    with world.server() as server:
        world.fake.plan({"for": "stream", "pace_ms": 30})
        visitor = Visitor(server, world.conference)
        reply = visitor.start(QUESTION)
        stream = Stream(server, reply)
        stream.wait_for(b"event: delta")
        stream.close()
        row = completed_row(server, reply)
        same(metadata(row)["outcome"], "ok")
        expect(TITLE in row["messageText"], row)


def test_an_answer_that_is_too_long(world):
    with world.server() as server:
        world.fake.plan({"for": "stream", "text": "The tide is rising and", "stop_reason": "max_tokens"})
        asked = Asked(server, world)
        same(asked.outcome, "partial")
        expect(asked.text.startswith("The tide is rising and"), asked.text)


def test_a_refusal_in_mid_answer(world):
    with world.server() as server:
        world.fake.plan({"for": "stream", "text": "I would say", "stop_reason": "refusal"})
        asked = Asked(server, world)
        same((asked.outcome, asked.mode), ("ok", "basic"))
        expect(TITLE in asked.text, asked.text)


def test_unknown_events_and_blocks_are_passed_over(world):
    whole = plain_answer(world)
    with world.server() as server:
        world.fake.plan({"for": "stream", "noise": True})
        same(Asked(server, world).text, whole)


def test_garbage_in_a_stream(world):
    whole = plain_answer(world)
    with world.server() as server:
        world.fake.plan({"for": "stream", "garbage": True})
        asked = Asked(server, world)
        same((asked.text, asked.mode), (whole, "full"))


def test_a_connection_that_stays_open_behind_the_answer(world):
    whole = plain_answer(world)
    with world.server() as server:
        world.fake.plan({"for": "stream", "linger": True})
        asked = Asked(server, world)
        same(asked.text, whole)
        expect(asked.seconds < 2, f"{asked.seconds} s")


def test_handles_that_nobody_gave_out(world):
    with world.server() as server:
        world.fake.plan({"for": "stream", "text": "See [[s1]], [[s99]] and [[e1]]."})
        asked = Asked(server, world)
        same(asked.text, f"See {TITLE},  and .")
        same(len(asked.message["references"]), 1)


def test_no_link_comes_of_a_models_words(world):
    """Whatever a record talked the model into: nothing to click, nothing that loads."""
    with world.server() as server:
        world.fake.plan({"for": "stream", "text": "Go to https://evil.example/x?a=1 or [here](https://evil.example) now. "
                                                  "![x](//evil.example/p.png) <img src=x> www.evil.example 3 < 4 [[s1]](y)"})
        asked = Asked(server, world)
        same(asked.text, "Go to evil.example/x?a=1 or [here] (evil.example) now. ![x] (//evil.example/p.png) "
                         f"‹img src=x> evil.example 3 < 4 {TITLE} (y)")


def test_many_at_once(world):
    """Each gets its own answer, though a third of the streams break."""
    import threading
    whole = plain_answer(world)
    world.fake.plan(*[{"for": "stream", "cut_after": 7} if i % 3 == 0 else {"for": "stream"} for i in range(30)])
    got = []
    with world.server() as server:
        def one():
            got.append(Asked(server, world))
        threads = [threading.Thread(target=one) for _ in range(30)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        same(len(got), 30)
        for asked in got:
            same(asked.outcome, "ok")
            expect(asked.text == whole or BASIC in asked.text, asked.text)
        expect(sum(asked.text == whole for asked in got) >= 25, [a.mode for a in got])


def test_the_service_dies_and_comes_back_under_load(world):
    """Every question has one answer, with a model or without; when the service is back, models answer again."""
    import threading
    fake = Fake()
    fake.always(**{"for": "stream", "pace_ms": 20})
    stop, got, lost = threading.Event(), [], []

    def ask(server):
        while not stop.is_set():
            try:
                got.append(Asked(server, world))
            except Exception as failed:
                lost.append(failed)
    with world.server(ANTHROPIC_BASE_URL=fake.url) as server:
        threads = [threading.Thread(target=ask, args=(server,)) for _ in range(12)]
        for t in threads:
            t.start()
        until(lambda: len(got) >= 15, "answers before")
        fake.kill()
        dead = len(got)
        until(lambda: len(got) >= dead + 25, "answers without the service")
        fake = Fake(fake.port)
        until(lambda: got[-1].mode == "full" and got[-2].mode == "full", "answers by the model again")
        stop.set()
        for t in threads:
            t.join()
        same(lost, [], "questions without an answer")
        same({a.outcome for a in got}, {"ok"})
        for a in got:
            expect(TITLE in a.text, a.text)
            expect((BASIC in a.text) == (a.mode == "basic"), f"{a.mode}: {a.text}")
            rows = server.get(f"/items/messages?filter[conversation_id][_eq]={a.visitor.conversation}").json()["data"]
            same(sorted(r["role"] for r in rows), ["assistant", "user"])
        expect(any(a.mode == "basic" for a in got), "nobody noticed")
    fake.stop()


def no_request_was_wrong(world):
    for request in world.fake.forget():
        expect("wrong" not in request, f"a request that the API refuses: {request.get('wrong')}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--server", required=True)
    parser.add_argument("--ingest", required=True)
    parser.add_argument("--requests")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    world = World(options)
    cases = {n: f for n, f in globals().items() if n.startswith("test_") and (not options.names or n in options.names)}
    passed = 0
    for name, case in cases.items():
        began = time.monotonic()
        try:
            world.fake.forget()
            case(world)
            no_request_was_wrong(world)
            passed += 1
            print(f"ok {name} ({time.monotonic() - began:.1f} s)", flush=True)
        except Exception:
            traceback.print_exc(file=sys.stdout)
            print(f"FAILED {name}", flush=True)
    world.fake.stop()
    if options.requests:
        pathlib.Path(options.requests).write_text(json.dumps(world.fake.kept), encoding="utf-8")
    print(f"{passed} passed, {len(cases) - passed} failed")
    return 0 if cases and passed == len(cases) else 1


if __name__ == "__main__":
    sys.exit(main())
