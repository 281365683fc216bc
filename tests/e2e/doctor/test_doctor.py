#!/usr/bin/env python3
"""erleah-cli doctor on set-ups that are broken one by one: each has its own diagnosis, and nothing else is found.

    test_doctor.py --build FOLDER --work FOLDER     WORK/directus: a real Directus with the example conference

A case breaks one thing of a set-up in which all is well, and lists what must be found: level, a part of what is wrong, a
part of what to do.  Findings that it does not list fail it.
"""
import argparse
import contextlib
import email.utils
import http.server
import json
import os
import pathlib
import re
import shutil
import socket
import socketserver
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/support"))
from harness import environment, main  # noqa: E402

ANTHROPIC_KEY, OPENAI_KEY, QDRANT_KEY = "sk-ant-test-0123456789", "sk-test-0123456789", "key-of-the-double"
TODAY = "2027-05-19T09:00:00+02:00"
# What is so on any machine with this Directus: its version, and a folder for tests in a container.
ALWAYS = ("whose WebSocket does not restrict visitors", "does not outlive this machine or container")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def dead_port():
    """Where nobody listens, and nobody will for a while."""
    return free_port()


class Program:
    """A server of ours or of others, ended with the test."""

    def __init__(self, argv, ready=None, **more):
        self.process = subprocess.Popen([str(a) for a in argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, **more)
        self.said = ""
        for line in self.process.stdout:
            self.said += line
            if re.search(ready or ".", line):
                break
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def end(self):
        self.process.kill()
        self.process.wait()


class Redis:
    def __init__(self, *options):
        self.port = free_port()
        self.program = Program(["redis-server", "--port", self.port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
                                *options], ready="eady to accept|MASTER <-> REPLICA|onnecting to MASTER")
        self.url = f"redis://127.0.0.1:{self.port}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.program.end()


class OldRedis(socketserver.ThreadingTCPServer):
    """Speaks as much of Redis 3.2 as is asked of it."""
    daemon_threads = allow_reuse_address = True

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            while (head := self.rfile.readline()):
                words = []
                for _ in range(int(head[1:])):
                    n = int(self.rfile.readline()[1:])
                    words.append(self.rfile.read(n + 2)[:-2].decode())
                self.wfile.write(self.answer(words))

        @staticmethod
        def answer(words):
            if words[0] == "PING":
                return b"+PONG\r\n"
            if words[0] == "INFO":
                text = b"# Server\r\nredis_version:3.2.12\r\nredis_mode:standalone\r\n# Memory\r\nmaxmemory:0\r\n"
                return b"$%d\r\n%s\r\n" % (len(text), text)
            return f"-ERR unknown command '{words[0]}'\r\n".encode()

    def __init__(self):
        super().__init__(("127.0.0.1", 0), self.Handler)
        self.url = f"redis://127.0.0.1:{self.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class Between(http.server.ThreadingHTTPServer):
    """Directus, but that some of it is told otherwise: change(path, body, headers)."""
    daemon_threads = True

    def __init__(self, url, change):
        between = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                request = urllib.request.Request(url + self.path, headers={"Authorization": self.headers.get("Authorization", "")})
                try:
                    answer = urllib.request.urlopen(request, timeout=30)
                except urllib.error.HTTPError as error:
                    answer = error
                body, headers = answer.read(), {"Content-Type": "application/json", "Date": email.utils.formatdate(usegmt=True)}
                body = change(self.path, body, headers)
                self.send_response_only(answer.status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        self.handle_error = lambda *_: None  # a client that hangs up
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=between.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class World:
    def __init__(self, options):
        self.build, self.work = pathlib.Path(options.build), pathlib.Path(options.work)
        self.directus = dict(line.split("=", 1) for line in (self.work / "directus/env").read_text().split("\n") if line)
        self.url, self.conference = self.directus["DIRECTUS_URL"], self.directus["CONFERENCE_ID"]
        fake = ROOT / "tests/support"
        self.programs = []
        self.anthropic = self.double(fake / "anthropic/fake.mjs")
        self.openai = self.double(fake / "openai/fake.mjs")
        self.qdrant = self.double(fake / "qdrant/fake.mjs", "--stay", "--api-key", QDRANT_KEY)
        self.redis = Redis()
        self.programs.append(self.redis.program)
        self.data = self.folder("data")
        self.index()

    def double(self, *argv):
        self.programs.append(Program(["node", *argv]))
        said = self.programs[-1].said.split()[-1]
        return said if said.startswith("http") else f"http://127.0.0.1:{said}"

    def folder(self, name):
        path = self.work / name
        path.mkdir()
        return path

    def end(self):
        for program in self.programs:
            program.end()

    def good(self, **more):
        """The set-up in which all is well; None takes a setting out."""
        settings = {
            "ERLEAH_DATA": self.data, "ERLEAH_EMBEDDER": "auto", "DEFAULT_CONFERENCE_ID": self.conference,
            "DIRECTUS_URL": self.url, "DIRECTUS_API_KEY": self.directus["DIRECTUS_API_KEY"],
            "QDRANT_URL": self.qdrant, "QDRANT_API_KEY": QDRANT_KEY, "REDIS_URL": self.redis.url,
            "ANTHROPIC_API_KEY": ANTHROPIC_KEY, "ANTHROPIC_BASE_URL": self.anthropic,
            "OPENAI_API_KEY": OPENAI_KEY, "OPENAI_BASE_URL": self.openai + "/v1", **more,
        }
        return environment(self.work, **{name: value for name, value in settings.items() if value is not None})

    def index(self):
        """A server makes the index, once."""
        port = free_port()
        with open(self.work / "server.log", "w") as log:
            server = subprocess.Popen([self.build / "server/erleah-server"], env=self.good(PORT=port), stdout=log, stderr=log,
                                      stdin=subprocess.DEVNULL)
        try:
            for _ in range(600):
                time.sleep(0.2)
                with contextlib.suppress(OSError):
                    ready = json.load(urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=5))
                    found = urllib.request.urlopen(f"http://127.0.0.1:{port}/api/search?q=registration", timeout=20)
                    if found.status == 200 and "embedding" not in ready and '"build"' in self.text_of_log():
                        return
                    if found.status == 200 and "embedding" not in ready and "index.used" in self.text_of_log() \
                            and self.vectors() > 0:
                        return
            raise AssertionError("the index was not made: " + self.text_of_log()[-2000:])
        finally:
            server.terminate()
            server.wait()

    def text_of_log(self):
        return (self.work / "server.log").read_text()

    def qdrant_call(self, method, path, body=None):
        request = urllib.request.Request(self.qdrant + path, method=method, data=None if body is None else json.dumps(body).encode(),
                                         headers={"api-key": QDRANT_KEY, "content-type": "application/json"})
        return json.load(urllib.request.urlopen(request, timeout=30))["result"]

    def collections(self):
        return sorted(one["name"] for one in self.qdrant_call("GET", "/collections")["collections"])

    def vectors(self):
        return sum(self.qdrant_call("GET", f"/collections/{name}")["points_count"] for name in self.collections() if "_facets_" in name)

    def api(self, method, path, body=None):
        """Directus, as its admin."""
        request = urllib.request.Request(self.url + path, method=method, data=None if body is None else json.dumps(body).encode(), headers={
            "Authorization": f"Bearer {self.directus['DIRECTUS_ADMIN_TOKEN']}", "content-type": "application/json"})
        for _ in range(20):
            try:
                text = urllib.request.urlopen(request, timeout=60).read()
                return json.loads(text)["data"] if text else None
            except urllib.error.HTTPError as error:
                if error.code != 503:
                    raise AssertionError(f"{method} {path}: {error.code} {error.read()[:300]}") from None
                time.sleep(0.5)
        raise AssertionError(f"{method} {path}: Directus is under pressure")

    def again(self, **settings):
        """Directus anew, with other settings of its own."""
        words = [f"{name}={value}" for name, value in settings.items()]
        subprocess.run([ROOT / "tests/support/directus/again", self.work / "directus", *words], check=True, timeout=120)

    def mapping(self, text):
        path = self.work / f"mapping-{uuid.uuid4()}.json"
        path.write_text(text if isinstance(text, str) else json.dumps(text))
        return path

    def token(self, *without, extra=()):
        """Of a user who may do what the backend may, but for these (collection, action, fields: None, or what is left)."""
        name = f"user-{uuid.uuid4().hex[:8]}"
        policies = self.api("GET", "/policies?limit=-1&fields=id,name")
        backend = next(one["id"] for one in policies if one["name"] == "erleah")
        rights = self.api("GET", f"/permissions?limit=-1&filter[policy][_eq]={backend}&fields=collection,action,permissions,fields")
        policy = self.api("POST", "/policies", {"name": name, "admin_access": False, "app_access": False})["id"]
        role = self.api("POST", "/roles", {"name": name, "policies": [{"policy": policy}]})["id"]
        kept = []
        for right in [*rights, *extra]:
            change = next((w for w in without if w[:2] == (right["collection"], right["action"])), None)
            if change and change[2] is None:
                continue
            kept.append({**right, **({"fields": change[2]} if change else {}), "policy": policy})
        self.api("POST", "/permissions", kept)
        self.api("POST", "/users", {"email": f"{name}@example.com", "password": name, "first_name": name, "role": role, "token": f"token-{name}"})
        return f"token-{name}"

    @contextlib.contextmanager
    def changed(self, path, change, back):
        self.api("PATCH", path, change)
        try:
            yield
        finally:
            self.api("PATCH", path, back)

    def doctor(self, env, user=None):
        words = [self.build / "cli/erleah-cli", "doctor", "--json"]
        done = subprocess.run(words, env=env, capture_output=True, text=True, timeout=90, stdin=subprocess.DEVNULL, user=user)
        try:
            return done, json.loads(done.stdout)["findings"]
        except (ValueError, KeyError):
            return done, None


def judge(done, found, wanted):
    """Exactly the findings that are wanted: (level, part of what, part of what to do)."""
    if found is None:
        raise AssertionError(f"no report; it said {done.stdout!r} {done.stderr!r}")
    left = [f for f in found if f["level"] != "ok" and not any(a in f["what"] for a in ALWAYS)]
    for level, what, todo in wanted:
        hit = next((f for f in left if f["level"] == level and what in f["what"] and todo in f["do"]), None)
        if not hit:
            raise AssertionError(f"nothing like {(level, what, todo)!r} in {json.dumps(left, indent=1)}")
        left.remove(hit)
    if left:
        raise AssertionError(f"found besides: {json.dumps(left, indent=1)}")
    status = 1 if any(level == "error" for level, _, _ in wanted) else 0
    if done.returncode != status:
        raise AssertionError(f"it ended with {done.returncode}, not {status}")


def refuses(done, found, *parts):
    """The set-up cannot even be opened: one sentence says why."""
    if found is not None or done.returncode == 0:
        raise AssertionError(f"it was opened: {done.stdout}")
    for part in parts:
        if part not in done.stderr:
            raise AssertionError(f"{part!r} is not in {done.stderr!r}")


def check(w, *wanted, user=None, **settings):
    judge(*w.doctor(w.good(**settings), user), wanted)


# --- All is well -------------------------------------------------------------------------------------------


def case_all_is_well(w):
    check(w)


def case_people_read_what_and_what_to_do(w):
    done = subprocess.run([w.build / "cli/erleah-cli", "doctor"], env=w.good(DIRECTUS_API_KEY="wrong"), capture_output=True, text=True,
                          timeout=90, stdin=subprocess.DEVNULL)
    lines = done.stdout.split("\n")
    if done.returncode != 1 or not lines[0].startswith("error    The store (directus) refuses us") or "Check DIRECTUS_API_KEY" not in lines[1]:
        raise AssertionError(f"{done.returncode} {done.stdout}")


# --- Directus ----------------------------------------------------------------------------------------------

def case_directus_is_away(w):
    check(w, ("error", "The store (directus) does not answer", "that Directus runs"), DIRECTUS_URL=f"http://127.0.0.1:{dead_port()}")


def case_directus_is_something_else(w):
    check(w, ("error", "The store (directus) does not answer", "Check DIRECTUS_URL"), DIRECTUS_URL=w.openai)


def case_directus_token_is_wrong(w):
    check(w, ("error", "The store (directus) refuses us: Directus refused conferences with 401 INVALID_CREDENTIALS", "Check DIRECTUS_API_KEY"),
          DIRECTUS_API_KEY="wrong")


def case_directus_token_is_missing(w):
    check(w, ("warning", "DIRECTUS_API_KEY is not set: only what everybody may is done", "static token"), DIRECTUS_API_KEY=None)


def case_directus_has_no_such_collection(w):
    check(w, ("error", 'messages is "letters", but there is no such collection', "DIRECTUS_MAPPING"),
          DIRECTUS_MAPPING=w.mapping({"messages": {"collection": "letters"}}))


def case_directus_has_no_such_field(w):
    check(w, ("error", 'messages.metadata is "extra", but messages has no such field; it has id', "Make the field, or say"),
          DIRECTUS_MAPPING=w.mapping({"messages": {"collection": "messages", "fields": {"metadata": "extra"}}}))


def messages_like(w, name, **types):
    """A collection of messages in which some fields have other types."""
    kinds = {"id": "uuid", "conversation_id": "uuid", "user_created": "string", "date_created": "timestamp", "role": "string",
             "messageText": "text", "status": "string", "metadata": "json", **types}
    fields = [{"field": field, "type": kind, "meta": {}, "schema": {"is_primary_key": True} if field == "id" else
               ({"max_length": 255} if kind == "string" else {})} for field, kind in kinds.items()]
    w.api("POST", "/collections", {"collection": name, "fields": fields, "meta": {"accountability": None}, "schema": {}})
    rights = [{"collection": name, "action": action, "permissions": {}, "fields": ["*"]} for action in ("create", "read", "update")]
    return {"DIRECTUS_API_KEY": w.token(extra=rights), "DIRECTUS_MAPPING": w.mapping({"messages": {"collection": name}})}


def case_directus_key_is_a_number(w):
    check(w, ("error", "which is of type integer in numbered; accepted is uuid", "key of type uuid"), **messages_like(w, "numbered", id="integer"))


def case_directus_text_is_too_short_for_answers(w):
    check(w, ("error", "short_ones.messageText holds 255 characters", "Make it a text"), **messages_like(w, "short_ones", messageText="string"))


def case_directus_metadata_is_no_json(w):
    check(w, ("error", "messages.metadata is \"metadata\", which is of type text in texts", "Make it a JSON field"),
          **messages_like(w, "texts", metadata="text"))


def case_directus_times_without_an_offset(w):
    fields = [{"field": name, "type": kind, "meta": {}, "schema": {"is_primary_key": True} if name == "id" else {}} for name, kind in (
        ("id", "uuid"), ("conference_id", "uuid"), ("title", "text"), ("start_time", "dateTime"), ("end_time", "timestamp"))]
    w.api("POST", "/collections", {"collection": "walls", "fields": fields, "meta": {}, "schema": {}})
    w.api("POST", "/items/walls", {"id": str(uuid.uuid4()), "conference_id": w.conference, "title": "Clocks on walls",
                                   "start_time": "2027-05-20T09:30:00", "end_time": "2027-05-20T10:30:00+02:00"})
    settings = {"DIRECTUS_API_KEY": w.token(extra=[{"collection": "walls", "action": "read", "permissions": {}, "fields": ["*"]}]),
                "DIRECTUS_MAPPING": w.mapping({"sessions": {"collection": "walls"}}), "ERLEAH_DATA": w.folder("walls"),
                "QDRANT_URL": None, "OPENAI_BASE_URL": None, "OPENAI_API_KEY": None, "ERLEAH_EMBEDDER": "none"}
    check(w, ("warning", "walls.start_time is a dateTime, which says no offset", "else make it a timestamp"),
          ("warning", "The index (flat) does not have", "Start a server"), **settings)
    done = subprocess.run([w.build / "cli/erleah-cli", "search", "--json", "Clocks on walls"], env=w.good(**settings), capture_output=True,
                          text=True, timeout=60, stdin=subprocess.DEVNULL)
    if "2027-05-20T09:30:00+02:00" not in done.stdout:
        raise AssertionError(f"it is not at half past nine: {done.stdout} {done.stderr}")


def case_directus_lets_no_message_be_written(w):
    check(w, ("error", "DIRECTUS_API_KEY may not create messages.", "Give its policy the permission"),
          DIRECTUS_API_KEY=w.token(("messages", "create", None)))


def case_directus_lets_one_field_not_be_written(w):
    check(w, ("error", "DIRECTUS_API_KEY may not update messages.metadata.", "Add the field to the permission"),
          DIRECTUS_API_KEY=w.token(("messages", "update", ["messageText", "status"])))


def case_directus_lets_sessions_not_be_read(w):
    check(w, ("error", 'sessions is "sessions", but there is no such collection, or DIRECTUS_API_KEY may not read it', "permissions"),
          ("error", "The store (directus) refuses us", "Check DIRECTUS_API_KEY"),
          DIRECTUS_API_KEY=w.token(("sessions", "read", None)))


def case_directus_limits_requests_pages_and_sockets(w):
    w.again(RATE_LIMITER_ENABLED="true", RATE_LIMITER_POINTS=300, RATE_LIMITER_DURATION=1, RATE_LIMITER_STORE="memory",
            QUERY_LIMIT_MAX=120, WEBSOCKETS_ENABLED="false")
    try:
        check(w, ("warning", "lets an address ask 300 times in 1 s", "RATE_LIMITER_ENABLED=false"),
              ("warning", "gives 120 rows at most: records are read in smaller pages", "QUERY_LIMIT_MAX"), ("warning", "has no WebSocket", "WEBSOCKETS_ENABLED=true"))
    finally:
        w.again()


def case_directus_keeps_every_revision(w):
    with w.changed("/collections/messages", {"meta": {"accountability": "all"}}, {"meta": {"accountability": None}}):
        check(w, ("warning", "Every update of messages is kept as a revision", "Switch its accountability off"))


def case_directus_is_too_old(w):
    def older(path, body, headers):
        return body.replace(b'"version":"11.3.5"', b'"version":"10.8.3"') if path.startswith("/server/info") else body

    with Between(w.url, older) as between:
        check(w, ("warning", "Directus is 10.8.3.", "Use 11.3.5 or later"), DIRECTUS_URL=between.url)


def case_clocks_are_apart(w):
    def later(path, body, headers):
        headers["Date"] = email.utils.formatdate(time.time() + 3600, usegmt=True)
        return body

    with Between(w.url, later) as between:
        check(w, ("warning", "are 3600 s apart", "by NTP"), DIRECTUS_URL=between.url)


def case_time_zone_is_unknown(w):
    with w.changed(f"/items/conferences/{w.conference}", {"timezone": "Europe/Hamburg"}, {"timezone": "Europe/Berlin"}):
        check(w, ("error", 'The time zone of "Tidewater 2027" cannot be used', "IANA name"),
              ("warning", "does not have \"Tidewater 2027\"", "Start a server"))


def case_time_zone_is_missing(w):
    with w.changed(f"/items/conferences/{w.conference}", {"timezone": None}, {"timezone": "Europe/Berlin"}):
        check(w, ("warning", '"Tidewater 2027" says no time zone', "IANA name"), ("warning", "does not have \"Tidewater 2027\"", "Start a server"))


def case_a_record_cannot_be_used(w):
    session = w.api("GET", "/items/sessions?limit=1&fields=id,title")[0]
    with w.changed(f"/items/sessions/{session['id']}", {"title": ""}, {"title": session["title"]}):
        check(w, ("warning", '1 record of "Tidewater 2027" cannot be used and is left out: ', "Mend it there"),
              ("warning", 'does not have "Tidewater 2027"', "Start a server"))


def case_no_conference_is_there(w):
    w.api("POST", "/collections", {"collection": "fairs", "meta": {}, "schema": {}, "fields": [
        {"field": name, "type": kind, "meta": {}, "schema": {"is_primary_key": True} if name == "id" else {}}
        for name, kind in (("id", "uuid"), ("name", "string"), ("timezone", "string"))]})
    right = {"collection": "fairs", "action": "read", "permissions": {}, "fields": ["*"]}
    check(w, ("error", "answers and holds 0 conferences", "Make a conference there"), DIRECTUS_API_KEY=w.token(extra=[right]),
          DIRECTUS_MAPPING=w.mapping({"conferences": {"collection": "fairs"}}), DEFAULT_CONFERENCE_ID=None)


def case_default_conference_is_unknown(w):
    check(w, ("error", f'DEFAULT_CONFERENCE_ID is "{uuid.UUID(int=7)}", and there is no such conference; there is {w.conference} (Tidewater 2027)',
              "Set it to one of these"), DEFAULT_CONFERENCE_ID=uuid.UUID(int=7))


def case_mapping_is_no_json(w):
    refuses(*w.doctor(w.good(DIRECTUS_MAPPING=w.mapping("{messages"))), "DIRECTUS_MAPPING", ".json")


def case_mapping_has_a_member_nobody_knows(w):
    refuses(*w.doctor(w.good(DIRECTUS_MAPPING=w.mapping({"letters": {}}))), "letters", "accepted")


# --- Redis -------------------------------------------------------------------------------------------------


def case_redis_is_away(w):
    check(w, ("warning", "cannot be reached", "Check REDIS_URL"), REDIS_URL=f"redis://127.0.0.1:{dead_port()}")


def case_redis_wants_a_password(w):
    with Redis("--requirepass", "secret") as redis:
        check(w, ("warning", "refused us: NOAUTH", "password into REDIS_URL"), REDIS_URL=redis.url)
        check(w, ("warning", "refused us: WRONGPASS", "password into REDIS_URL"), REDIS_URL=redis.url.replace("//", "//:wrong@"))


def case_redis_is_too_old(w):
    with OldRedis() as redis:
        check(w, ("warning", "is 3.2.12; 5 or newer is needed", "Update it"), REDIS_URL=redis.url)


def case_redis_is_a_replica(w):
    with Redis("--replicaof", "127.0.0.1", str(dead_port())) as redis:
        check(w, ("warning", "READONLY", "leads to a replica"), REDIS_URL=redis.url)


def case_redis_keeps_what_it_has(w):
    with Redis("--maxmemory", "64mb", "--maxmemory-policy", "noeviction") as redis:
        check(w, ("warning", "evicts nothing (noeviction)", "maxmemory-policy"), REDIS_URL=redis.url)


def case_redis_is_full(w):
    with Redis("--maxmemory", "1", "--maxmemory-policy", "allkeys-lru") as redis:
        check(w, ("warning", "OOM", "Give it more memory"), REDIS_URL=redis.url)


def case_redis_allows_no_scripts(w):
    with Redis("--user", "erleah", "on", ">secret", "~*", "&*", "+@all", "-eval") as redis:
        check(w, ("warning", "NOPERM", "docs/redis.md"), REDIS_URL=redis.url.replace("//", "//erleah:secret@"))


# --- Qdrant ------------------------------------------------------------------------------------------------


def case_qdrant_is_away(w):
    check(w, ("error", "The index (qdrant) does not answer", "that Qdrant runs"), QDRANT_URL=f"http://127.0.0.1:{dead_port()}")


def case_qdrant_key_is_wrong(w):
    check(w, ("error", "Qdrant refuses the key", "Check QDRANT_API_KEY"), QDRANT_API_KEY="wrong")


def case_qdrant_is_something_else(w):
    check(w, ("error", "The index (qdrant) does not answer", "Check QDRANT_URL: it is the REST port"), QDRANT_URL=w.openai)


def case_qdrant_is_too_old(w):
    old = Program(["node", ROOT / "tests/support/qdrant/fake.mjs", "--stay", "--version", "1.9.7"])
    try:
        check(w, ("error", "Qdrant 1.9.7 is too old: 1.11 or newer is needed", "Update Qdrant"), QDRANT_URL=old.said.strip())
    finally:
        old.end()


def case_qdrant_was_never_filled(w):
    check(w, ("warning", 'does not have "Tidewater 2027"', "Start a server"), QDRANT_PREFIX="other_")


def case_the_index_is_of_another_model(w):
    check(w, ("warning", "holds vectors of text-embedding-3-small (1536 dimensions), but the embedder is text-embedding-3-large (3072)",
              "EMBEDDING_MODEL"), EMBEDDING_MODEL="text-embedding-3-large", EMBEDDING_DIMENSIONS=3072)


def case_the_index_has_other_dimensions(w):
    check(w, ("warning", "(1536 dimensions), but the embedder is text-embedding-3-small (512)", "EMBEDDING_DIMENSIONS as they were"),
          EMBEDDING_DIMENSIONS=512)


def case_the_embedded_index_is_of_another_model(w):
    """There nothing makes it anew by itself: it is not even opened."""
    data = {"ERLEAH_DATA": w.folder("flat"), "DIRECTUS_URL": None, "DIRECTUS_API_KEY": None, "QDRANT_URL": None}
    subprocess.run([w.build / "ingest/erleah-ingest", "all", ROOT / "examples/conference/conference.json"], env=w.good(**data), check=True,
                   capture_output=True, timeout=120, stdin=subprocess.DEVNULL)
    check(w, **data)
    refuses(*w.doctor(w.good(**data, EMBEDDING_DIMENSIONS=512)), "holds vectors of text-embedding-3-small (1536 dimensions)",
            "load it again with erleah-ingest all FILE")


# --- The model ---------------------------------------------------------------------------------------------


def case_anthropic_is_away(w):
    check(w, ("error", "The language model does not answer", "Check ANTHROPIC_BASE_URL"), ANTHROPIC_BASE_URL=f"http://127.0.0.1:{dead_port()}")


def case_anthropic_key_is_wrong(w):
    check(w, ("error", "invalid x-api-key", "Check ANTHROPIC_API_KEY"), ANTHROPIC_API_KEY="wrong")


def case_anthropic_model_is_unknown(w):
    check(w, ("error", "claude-sonnet-55", "Choose a model that is there"), ANTHROPIC_MODEL="claude-sonnet-55")


def case_anthropic_fast_model_is_unknown(w):
    check(w, ("error", "claude-haiku-55", "ANTHROPIC_FAST_MODEL"), ANTHROPIC_FAST_MODEL="claude-haiku-55")


def case_anthropic_model_is_retired(w):
    check(w, ("error", "claude-sonnet-4-20250514", "Choose a model that is there"),
          ("warning", "ANTHROPIC_MODEL has claude-sonnet-4-20250514, which Anthropic retired on 2026-06-15", "successor"),
          ANTHROPIC_MODEL="claude-sonnet-4-20250514")


# --- Embeddings --------------------------------------------------------------------------------------------


def case_openai_is_away(w):
    check(w, ("error", "The embedder (openai, text-embedding-3-small) does not answer", "Check OPENAI_BASE_URL"),
          OPENAI_BASE_URL=f"http://127.0.0.1:{dead_port()}/v1")


def case_openai_key_is_wrong(w):
    check(w, ("error", "Incorrect API key", "Check OPENAI_API_KEY"), OPENAI_API_KEY="wrong")


def case_openai_model_is_unknown(w):
    check(w, ("error", "does not exist", "Check EMBEDDING_MODEL"),
          ("warning", "but the embedder is text-embedding-9 (1536)", "EMBEDDING_MODEL"), EMBEDDING_MODEL="text-embedding-9", EMBEDDING_DIMENSIONS=1536)


def case_openai_dimensions_are_wrong(w):
    """The model has 1,536 and shortens nothing."""
    refuses(*w.doctor(w.good(EMBEDDING_MODEL="text-embedding-ada-002", EMBEDDING_DIMENSIONS=512)),
            "EMBEDDING_DIMENSIONS is 512; text-embedding-ada-002 has 1536.")


def case_openai_is_without_its_v1(w):
    check(w, ("error", "404", "ends as the server wants it"), OPENAI_BASE_URL=w.openai)


# --- The machine -------------------------------------------------------------------------------------------


def case_data_folder_cannot_be_written(w):
    """By somebody who is not root: root may write anywhere."""
    data, copy = w.folder("locked"), w.folder("programs")
    for name in ("cli/erleah-cli", "libassistant/libassistant.so.0.1.0"):
        shutil.copy(w.build / name, copy)
    (copy / "libassistant.so.0").symlink_to("libassistant.so.0.1.0")
    for path in (data, copy):
        path.chmod(0o555)
    env = {**w.good(ERLEAH_DATA=data), "LD_LIBRARY_PATH": str(copy)}
    done = subprocess.run([copy / "erleah-cli", "doctor", "--json"], env=env, capture_output=True, text=True, timeout=90,
                          stdin=subprocess.DEVNULL, cwd="/", user="nobody" if os.geteuid() == 0 else None)
    refuses(done, None, str(data), "Permission denied")


def case_data_folder_cannot_be_made(w):
    refuses(*w.doctor(w.good(ERLEAH_DATA="/dev/null/data")), "ERLEAH_DATA", "cannot be made")


def case_data_folder_does_not_outlive_the_machine(w):
    folder = f"/dev/shm/erleah-doctor-{uuid.uuid4().hex}"
    try:
        _, found = w.doctor(w.good(ERLEAH_DATA=folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    told = [f for f in found or [] if "does not outlive" in f["what"] and "Mount a volume" in f["do"]]
    if len(told) != 1:
        raise AssertionError(json.dumps(found))


def case_clock_is_pinned(w):
    check(w, ("warning", "ERLEAH_NOW pins the clock to 2027-05-19T07:00:00.000Z", "Leave ERLEAH_NOW out"), ERLEAH_NOW=TODAY)


# --- Servers look for themselves ---------------------------------------------------------------------------


class Serving:
    """A server that is not waited for."""

    def __init__(self, w, **settings):
        self.log, port = w.work / f"serving-{uuid.uuid4().hex[:8]}.log", free_port()
        self.url = f"http://127.0.0.1:{port}/health/ready"
        with open(self.log, "w") as log:
            self.process = subprocess.Popen([w.build / "server/erleah-server"], env=w.good(PORT=port, LOG_FORMAT="json", **settings), stdout=log,
                                            stderr=log, stdin=subprocess.DEVNULL)

    def ready(self):
        try:
            answer = urllib.request.urlopen(self.url, timeout=20)
        except urllib.error.HTTPError as error:
            answer = error
        except OSError:
            return None
        return answer.status, json.loads(answer.read())["checks"]["directus"]

    def until(self, wanted, limit_s=60):
        end = time.monotonic() + limit_s
        while (seen := self.ready()) != wanted:
            if time.monotonic() > end:
                raise AssertionError(f"it is {seen!r}, not {wanted!r}: {self.log.read_text()[-3000:]}")
            time.sleep(0.3)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(60)


def case_layout_is_looked_at_once_directus_is_there(w):
    """Servers that started without it: one set up well, one whose mapping is wrong."""
    wrong = w.mapping({"messages": {"collection": "messages", "fields": {"metadata": "extra"}}})
    os.kill(int((w.work / "directus/directus.pid").read_text()), 9)
    with Serving(w) as good, Serving(w, DIRECTUS_MAPPING=wrong, ERLEAH_DATA=w.folder("wrong")) as bad:
        good.until((503, "failed"))
        bad.until((503, "failed"))
        w.again()
        good.until((200, "ok"))
        for _ in range(100):
            if '"store.layout"' in bad.log.read_text():
                break
            time.sleep(0.2)
        bad.until((503, "failed"))
        said = [json.loads(line) for line in bad.log.read_text().split("\n") if '"store.layout"' in line and '"error"' in line]
        if len(said) != 1 or 'messages.metadata is "extra"' not in said[0]["what"] or not said[0]["do"]:
            raise AssertionError(f"{said} {bad.log.read_text()[-3000:]}")
        for _ in range(100):
            if '"store.checked"' in good.log.read_text():
                return
            time.sleep(0.2)
        raise AssertionError(good.log.read_text()[-3000:])


# --- What would not come back: last ------------------------------------------------------------------------


def case_qdrant_has_lost_a_collection(w):
    lost = next(name for name in w.collections() if name.startswith("sessions_facets_"))
    w.qdrant_call("DELETE", f"/collections/{lost}")
    check(w, ("warning", f"does not have \"Tidewater 2027\": Qdrant's collection {lost} is gone", "Start a server, or restart it"))
    w.index()
    check(w)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--work", required=True)
    options = parser.parse_args()
    world = World(options)
    try:
        sys.exit(main(globals(), world))
    finally:
        world.end()
