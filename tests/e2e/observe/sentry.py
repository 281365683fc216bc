"""A Sentry that checks what it is sent: run by tests/e2e/observe/run."""
import argparse
import gzip
import http.server
import json
import re
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import harness
import sentry_sdk
from harness import equal, holds, lacks
from sentry_relay.processing import StoreNormalizer

ROOT = Path(__file__).resolve().parents[3]
KEY = "0123456789abcdef0123456789abcdef"
SECRET = "sk-ant-a-key-that-must-not-leave"
QUESTION = "Where does Zebediah Quux talk about lunch?"
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def read_envelope(raw):
    """Header and (item header, payload) pairs; as strict as the protocol's description."""
    end = raw.index(b"\n")
    header, rest, items = json.loads(raw[:end]), raw[end + 1:], []
    while rest.strip(b"\n"):
        end = rest.index(b"\n")
        item, rest = json.loads(rest[:end]), rest[end + 1:]
        length = item.get("length", rest.find(b"\n") if b"\n" in rest else len(rest))
        payload, rest = rest[:length], rest[length:]
        equal(len(payload), length)
        if rest and not rest.startswith(b"\n"):
            raise AssertionError("no line break behind an item")
        rest = rest[1:]
        items.append((item, payload))
    return header, items


class Sentry(http.server.ThreadingHTTPServer):
    """Takes envelopes of project 7, answers as it is told, and keeps what was wrong."""

    daemon_threads = True

    def __init__(self):
        self.events, self.raw, self.wrong = [], [], []
        self.answer = (200, {})
        super().__init__(("127.0.0.1", 0), Handler)
        self.dsn = f"http://{KEY}@127.0.0.1:{self.server_port}/7"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def take(self, handler, raw):
        equal(handler.path.split("?")[0], "/api/7/envelope/")
        holds(handler.headers["Content-Type"], "application/x-sentry-envelope")
        holds(handler.headers["X-Sentry-Auth"], f"sentry_key={KEY}", "sentry_version=7", "sentry_client=")
        header, items = read_envelope(raw)
        if "sent_at" in header and not RFC3339.fullmatch(header["sent_at"]):
            raise AssertionError(f"sent_at is {header['sent_at']!r}")
        for item, payload in items:
            if item["type"] != "event":
                continue
            event = json.loads(payload)
            equal(event["event_id"], header["event_id"])
            seen = StoreNormalizer(project_id=7).normalize_event(dict(event))
            equal(seen.get("errors"), None)
            self.events.append(event)
        self.raw.append(raw)

    def wait(self, wanted, limit_s=20):
        """Until an event is there for which wanted() holds."""
        end = time.monotonic() + limit_s
        while time.monotonic() < end:
            for event in list(self.events):
                if wanted(event):
                    return event
            time.sleep(0.05)
        raise AssertionError(f"no such event; there were {[type_of(e) for e in self.events]}, wrong: {self.wrong}")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):  # pylint: disable=invalid-name
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            raw = gzip.decompress(raw)
        try:
            self.server.take(self, raw)
            status, headers = self.server.answer
        except Exception as e:  # pylint: disable=broad-except
            self.server.wrong.append(f"{type(e).__name__}: {e}")
            status, headers = 400, {}
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


def type_of(event):
    return event.get("exception", {}).get("values", [{}])[0].get("type")


class Server:
    """The product with a Sentry, and a model that is not there."""

    def __init__(self, ctx, name, dsn):
        self.ctx, self.folder = ctx, ctx.work / name
        subprocess.run([ROOT / "tests/support/erleah/start", self.folder, "--build", ctx.build, f"SENTRY_DSN={dsn}",
                        "ERLEAH_EMBEDDER=none", "ANTHROPIC_BASE_URL=http://127.0.0.1:9", f"ANTHROPIC_API_KEY={SECRET}"],
                       check=True, stdout=subprocess.DEVNULL)
        self.url = re.search(r"ERLEAH_SERVER_URL=(\S+)", (self.folder / "env").read_text())[1].strip("'\"")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run([ROOT / "tests/support/erleah/stop", self.folder], check=False, stdout=subprocess.DEVNULL)

    def ask(self, question):
        done = harness.run([self.ctx.build / "cli/erleah-cli", "ask", "--url", self.url, question],
                           harness.environment(self.folder))
        return done.stdout

    def metric(self, result):
        text = urllib.request.urlopen(f"{self.url}/metrics", timeout=10).read().decode()
        found = re.search(rf'^erleah_sentry_events_total{{result="{result}"}} (\S+)', text, re.M)
        return float(found[1]) if found else 0

    def counts(self, result, limit_s=20):
        """Waits until something was counted under result."""
        end = time.monotonic() + limit_s
        while not self.metric(result):
            if time.monotonic() > end:
                raise AssertionError(f"nothing was counted as {result}")
            time.sleep(0.1)


def case_the_double_takes_what_sentrys_own_client_sends(ctx):
    sentry = Sentry()
    sentry_sdk.init(dsn=sentry.dsn, default_integrations=False)
    sentry_sdk.capture_message("from the vendor's client")
    sentry_sdk.flush(10)
    equal(sentry.wrong, [])
    equal(len(sentry.events), 1)


def case_a_failing_model_is_told_once(ctx):
    sentry = Sentry()
    with Server(ctx, "told", sentry.dsn) as server:
        server.ask(QUESTION)
        event = sentry.wait(lambda e: e["tags"].get("upstream"))
        equal(event["level"], "warning")
        equal(event["environment"], "production")
        holds(event["release"], "erleah@")
        for _ in range(3):
            server.ask(QUESTION)
        server.counts("repeated")
    equal(sentry.wrong, [])
    seen = [(type_of(e), json.dumps(e["tags"], sort_keys=True), json.dumps(e["exception"])) for e in sentry.events]
    equal(len(seen), len(set(seen)))
    for raw in sentry.raw:
        lacks(raw.decode(), SECRET, "Zebediah", "Quux")


def case_a_limit_is_obeyed(ctx):
    sentry = Sentry()
    sentry.answer = (429, {"Retry-After": "60", "X-Sentry-Rate-Limits": "60:error:organization:quota"})
    with Server(ctx, "limited", sentry.dsn) as server:
        server.ask(QUESTION)
        sentry.wait(lambda e: True)
        server.ask("What is on about energy?")
        server.counts("limited")
        time.sleep(1)
        equal(len(sentry.raw), 1)


def case_a_sentry_that_is_away_disturbs_nobody(ctx):
    with Server(ctx, "away", f"http://{KEY}@127.0.0.1:9/7") as server:
        holds(server.ask("Where is the registration desk?"), "Hall D")
        server.counts("failed")
    log = (ctx.work / "away/server.log").read_text()
    holds(log, "sentry.failed")
    lacks(log, KEY, SECRET)


def case_the_last_words_of_a_server(ctx):
    """What was logged last leaves before the server does."""
    sentry = Sentry()
    with Server(ctx, "last", sentry.dsn) as server:
        server.ask(QUESTION)
    sentry.wait(lambda e: e["tags"].get("upstream"), limit_s=1)
    equal(sentry.wrong, [])


def case_a_dsn_that_is_none(ctx):
    done = harness.run([ctx.build / "server/erleah-server", "--check"],
                       harness.environment(ctx.work, SENTRY_DSN="https://sentry.example.org/7", ERLEAH_DATA=ctx.work / "none"))
    if not done.returncode:
        raise AssertionError(done.stdout)
    holds(done.stdout + done.stderr, "SENTRY_DSN is no data source name", "https://KEY@HOST/PROJECT")


class Context:
    def __init__(self, options):
        self.build, self.work = Path(options.build), Path(options.work)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--work", required=True)
    sys.exit(harness.main(globals(), Context(parser.parse_args())))
