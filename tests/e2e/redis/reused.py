"""A model's answer said again: two servers on one Redis, the conference loaded anew, Redis killed. Run by tests/e2e/redis/run."""
import argparse
import json
import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import harness
from harness import equal

ROOT = Path(__file__).resolve().parents[3]
CONFERENCE = ROOT / "examples/conference/conference.json"
QUESTION = "Is there wifi?"


class Server:
    def __init__(self, ctx, name, *settings):
        self.folder = ctx.work / name
        subprocess.run([ROOT / "tests/support/erleah/start", self.folder, "--build", ctx.build, *settings], check=True,
                       stdout=subprocess.DEVNULL)
        self.url = re.search(r"ERLEAH_SERVER_URL=(\S+)", (self.folder / "env").read_text())[1].strip("'\"")

    def request(self, path, body=None):
        request = urllib.request.Request(self.url + path, data=json.dumps(body).encode() if body else None,
                                         headers={"Content-Type": "application/json"})
        return urllib.request.urlopen(request, timeout=20).read().decode()

    def ask(self, question):
        """The completed row of the answer to a question that begins a conversation."""
        conference = json.loads(self.request("/items/conferences?limit=1&fields=id"))["data"][0]["id"]
        conversation = json.loads(self.request("/items/conversations", {"conference_id": conference, "source": "mini"}))["data"]["id"]
        message = json.loads(self.request("/items/messages", {
            "conversation_id": conversation, "role": "user", "messageText": question}))["data"]["id"]
        reply = json.loads(self.request("/api/chat", {
            "conversation_id": conversation, "message_id": message, "conference_id": conference}))["assistant_message_id"]
        end = time.monotonic() + 30
        while time.monotonic() < end:
            row = json.loads(self.request(f"/items/messages/{reply}"))["data"]
            if row["status"] == "completed":
                return row
            time.sleep(0.05)
        raise AssertionError("the answer does not end")

    def counted(self, result):
        found = re.search(rf'^erleah_answer_cache_requests_total{{result="{result}"}} (\S+)', self.request("/metrics"), re.M)
        return int(found[1]) if found else 0

    def stop(self):
        subprocess.run([ROOT / "tests/support/erleah/stop", self.folder], check=False, stdout=subprocess.DEVNULL)


def reused(row):
    return bool(row["metadata"].get("usage", {}).get("reused"))


def same(one, other):
    equal(other["messageText"], one["messageText"])
    equal(other["metadata"]["references"], one["metadata"]["references"])


def case_one_after_the_other(ctx):
    first, again = ctx.a.ask(QUESTION), ctx.b.ask(QUESTION)
    equal((reused(first), reused(again)), (False, True))
    same(first, again)
    equal((ctx.a.counted("miss"), ctx.b.counted("hit")), (1, 1))
    equal(reused(ctx.b.ask("Is there wifi in the hall?")), False)


def case_the_conference_is_loaded_anew(ctx):
    ctx.b.ask(QUESTION)
    changed = json.loads(CONFERENCE.read_text())
    changed["sessions"][0]["title"] += " (moved)"
    path = ctx.work / "changed.json"
    path.write_text(json.dumps(changed))
    done = harness.run([ctx.build / "ingest/erleah-ingest", "all", path],
                       harness.environment(ctx.work, ERLEAH_DATA=ctx.work / "ra/data"))
    equal(done.returncode, 0)
    end = time.monotonic() + 20
    while reused(ctx.b.ask(QUESTION)):  # the version before may serve for a moment
        if time.monotonic() > end:
            raise AssertionError("an answer from the records before is still said")
        time.sleep(0.2)
    equal(reused(ctx.b.ask(QUESTION)), True)


def case_redis_is_gone(ctx):
    before = ctx.a.ask(QUESTION)
    ctx.redis.send_signal(signal.SIGKILL)
    ctx.redis.wait()
    after = ctx.a.ask(QUESTION)
    equal(after["metadata"]["mode"], "full")
    same(before, after)


class Context:
    def __init__(self, options):
        self.build, self.work = Path(options.build), Path(options.work)
        socket = self.work / "reused.sock"
        self.redis = subprocess.Popen(["redis-server", "--port", "0", "--unixsocket", str(socket), "--save", ""],
                                      stdout=subprocess.DEVNULL)
        self.fake = subprocess.Popen(["node", str(ROOT / "tests/support/anthropic/fake.mjs")], stdout=subprocess.PIPE, text=True)
        port = self.fake.stdout.readline().split()[-1]
        # Both begin at the top of a minute, which an answer that is said again must not outlive.
        settings = ("ERLEAH_EMBEDDER=none", "ERLEAH_NOW=2027-05-19T09:00:00+02:00", "ANTHROPIC_API_KEY=sk-ant-test-0123456789",
                    f"ANTHROPIC_BASE_URL=http://127.0.0.1:{port}", f"REDIS_URL=unix://{socket}")
        self.a = Server(self, "ra", *settings)
        self.b = Server(self, "rb", "--conference", "none", f"ERLEAH_DATA={self.work}/ra/data", *settings)

    def stop(self):
        self.a.stop()
        self.b.stop()
        for process in (self.redis, self.fake):
            if process.poll() is None:
                process.kill()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--work", required=True)
    context = Context(parser.parse_args())
    try:
        return harness.main(globals(), context)
    finally:
        context.stop()


if __name__ == "__main__":
    sys.exit(main())
