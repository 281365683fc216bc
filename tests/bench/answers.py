#!/usr/bin/env python3
"""What a visitor and an operator see of a real server: cold start, time to the first visible text and to the whole answer,
searches without embedding, resident memory, and loading.

usage: answers.py --build FOLDER CONFERENCE

The conference's own titles and speakers are asked for, beside questions that any conference gets; each question is asked once, so
that every answer embeds it anew.  Searches are asked twice, and the second counts: its vector is kept.  Lines `| ` are the table.
"""
import argparse
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import uuid

STARTS = 9
QUESTIONS = ["What is on now?", "Where can I eat?", "Is there Wi-Fi?", "Anything for beginners on Saturday afternoon?",
             "Which talks are about security?", "What should I not miss tomorrow morning?", "What starts next?"]


class Server:
    def __init__(self, build, data):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        env = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "ERLEAH_DATA": str(data), "PORT": str(self.port),
               "RATE_LIMIT_ADDRESS_PER_HOUR": "0", "LOG_LEVEL": "warning"}
        env.update({n: os.environ[n] for n in ("ERLEAH_WEIGHTS", "ERLEAH_EMBEDDER") if n in os.environ})
        begun = time.perf_counter()
        self.process = subprocess.Popen([str(build / "server/erleah-server")], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        while not self.healthy():
            if self.process.poll() is not None:
                sys.exit("the server ended at once")
            time.sleep(0.001)
        self.start_ms = (time.perf_counter() - begun) * 1e3

    def healthy(self):
        try:
            return self.call("GET", "/health")[0] == 200
        except OSError:
            return False

    def call(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, body and json.dumps(body), {"content-type": "application/json"} if body else {})
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, answer.headers, content

    def made(self, method, path, body=None):
        status, headers, content = self.call(method, path, body)
        if status >= 300:
            sys.exit(f"{method} {path}: {status} {content[:200]!r}")
        return headers, json.loads(content)

    def resident_mb(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return tuple(int(re.search(rf"{name}:\s+(\d+)", status).group(1)) / 1024 for name in ("VmRSS", "RssAnon"))

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(30) != 0:
            sys.exit("the server did not end well")

    def ask(self, conference, question):
        """ms from POST to the first text and to the end."""
        conversation, message = str(uuid.uuid4()), str(uuid.uuid4())
        self.made("POST", "/items/conversations", {"id": conversation, "conference_id": conference, "user_created": "public-user",
                                                   "source": "mini", "status": "active"})
        self.made("POST", "/items/messages", {"id": message, "conversation_id": conversation, "user_created": "public-user",
                                              "role": "user", "messageText": question, "status": "completed"})
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        body = json.dumps({"message_id": message, "conversation_id": conversation, "conference_id": conference})
        first, begun = None, time.perf_counter()
        connection.request("POST", "/api/chat", body, {"content-type": "application/json", "accept": "text/event-stream"})
        answer = connection.getresponse()
        while line := answer.readline():
            if line.startswith(b"event: delta") and first is None:
                first = (time.perf_counter() - begun) * 1e3
            if line.startswith(b"event: error"):
                sys.exit(f"{question}: {answer.readline()!r}")
            if line.startswith(b"event: done"):
                break
        done = (time.perf_counter() - begun) * 1e3
        connection.close()
        if first is None:
            sys.exit(f"{question}: no text")
        return first, done


def at(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def both(values):
    return f"{at(values, 0.5):.1f} / {at(values, 0.99):.1f} ms"


def row(what, seen, goal="", number=None, limit=None, more=False):
    """limit: what the number must not exceed, or reach with more."""
    ratio = "" if not limit else f"{number / limit if more else limit / number:.1f} x"
    print(f"| {what} | {seen} | {goal} | {ratio} |")


def questions_of(document):
    sessions, speakers = document["sessions"], document["speakers"]
    titles = [s["title"] for s in sessions[:: max(1, len(sessions) // 60)]]
    names = [s["name"] for s in speakers[:: max(1, len(speakers) // 20)]]
    return QUESTIONS + [f"Which talks are like {t}?"[:300] for t in titles] + [f"When does {n} speak?" for n in names]


def load(build, file, data):
    begun = time.perf_counter()
    env = dict(os.environ, ERLEAH_DATA=str(data))
    said = subprocess.run([str(build / "ingest/erleah-ingest"), "all", str(file)], env=env, capture_output=True, text=True,
                          check=True, stdin=subprocess.DEVNULL).stdout
    took = time.perf_counter() - begun
    found = re.search(r"(\d+) texts: .*\((\d+) a second\)", said)
    if found:
        row(f"loading: {found.group(1)} texts, {found.group(2)} a second, in all", f"{took:.0f} s", "120 s (2 cores)", took, 120)
    return took


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("conference", type=pathlib.Path)
    args = parser.parse_args()
    document = json.loads(args.conference.read_text(encoding="utf-8"))
    conference = document["conference"]["id"]
    with tempfile.TemporaryDirectory(prefix="erleah-bench-") as folder:
        empty, data = pathlib.Path(folder) / "empty", pathlib.Path(folder) / "data"
        server = Server(args.build, empty)
        time.sleep(2)  # the model is loaded by then
        idle = server.resident_mb()
        server.stop()
        loading = load(args.build, args.conference, data)
        starts = []
        for _ in range(STARTS):
            server = Server(args.build, data)
            starts.append(server.start_ms)
            server.stop()
        server = Server(args.build, data)
        time.sleep(2)
        questions = questions_of(document)
        very_first = server.ask(conference, "Who speaks first?")  # the one that reads the programme
        asked = [server.ask(conference, q) for q in questions]
        searches = []
        for q in questions:
            path = "/api/search?" + urllib.parse.urlencode({"conference_id": conference, "q": q})
            server.made("GET", path)
            timing = server.made("GET", path)[0]["server-timing"]
            searches.append(float(re.search(r"dur=([\d.]+)", timing).group(1)))
        loaded = server.resident_mb()
        server.stop()
    first, done = [a[0] for a in asked], [a[1] for a in asked]
    row("a search whose vector is kept, p50 / p99", both(searches), "2 / 6 ms", at(searches, 0.5), 2)
    row(f"POST to the first visible text, {len(asked)} questions, p50 / p99", both(first), "40 ms", at(first, 0.5), 40)
    row("POST to the end of the answer, p50 / p99", both(done), "120 ms", at(done, 0.5), 120)
    row("the first question after a start: to text, to the end", f"{very_first[0]:.0f}, {very_first[1]:.0f} ms")
    row("resident memory, model loaded, no conference", f"{idle[0]:.0f} MB ({idle[1]:.0f} own, the rest mapped files)", "40 MB", idle[0], 40)
    row("resident memory after these questions", f"{loaded[0]:.0f} MB ({loaded[1]:.0f} own)", "200 MB", loaded[0], 200)
    cold = statistics.median(starts)
    row(f"cold start to /health, median of {STARTS}", f"{cold:.0f} ms", "100 ms", cold, 100)
    good = [loading <= 120, at(searches, 0.5) <= 2, at(searches, 0.99) <= 6, at(first, 0.5) <= 40, at(done, 0.5) <= 120, idle[0] <= 40,
            loaded[0] <= 200, cold <= 100]
    print(f"{sum(good)} passed, {len(good) - sum(good)} failed")
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
