#!/usr/bin/env python3
"""What a chat costs the server when everything is a service: Directus, Qdrant, Claude and embeddings over HTTP.

usage: services.py --build FOLDER CONFERENCE [--live 500,1500] [--seconds 10] [--only free|paced|any-part-of-a-name]

The comparisons in the last column are other backends of the same behaviour on this class of machine: one on LangGraph.js, then a lean one
written by hand for Node.

The server has one core for itself; the services and the visitors (tests/bench/upstreams) have another, and what they take is printed, so
that one sees that they were not what was measured.  Lines `| ` are the table.  What must hold on any machine (every text byte for byte,
no chat refused or lost) counts as passed or failed; a speed is printed beside its goal and fails nothing.
"""
import argparse
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
QDRANT = HERE.parent / "support/qdrant/fake.mjs"
COMMON = ["What is on now?", "Where can I eat?", "Is there Wi-Fi?", "Which talks are about security?", "Anything for beginners on Saturday?"]


class Checks:
    passed = failed = 0

    def holds(self, what, good, seen=""):
        self.passed, self.failed = self.passed + bool(good), self.failed + (not good)
        print(f"{'ok' if good else 'FAILED'} {what}{'' if good else f': {seen}'}", flush=True)


class Program:
    """A program that says where it listens in its first line."""

    def __init__(self, argv, core, env=None):
        self.process = subprocess.Popen(pinned(core) + [str(a) for a in argv], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        found = re.search(r"(\d+)\s*$", line)
        if not found:
            sys.exit(f"{argv[0]} said {line!r}")
        self.port = int(found.group(1))

    def stop(self):
        self.process.kill()
        self.process.wait()


def pinned(core):
    return ["taskset", "-c", str(core)]


def cores():
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2:
        sys.exit("this wants two cores: one for the server, one for the rest")
    return allowed[0], allowed[1]


class Server:
    def __init__(self, build, data, core, upstream, **settings):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        base = f"http://127.0.0.1:{upstream}"
        env = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "ERLEAH_DATA": str(data), "PORT": str(self.port), "DIRECTUS_URL": base,
               "DIRECTUS_API_KEY": "bench", "QDRANT_URL": base, "OPENAI_BASE_URL": base + "/v1", "ANTHROPIC_BASE_URL": base,
               "RATE_LIMIT_ADDRESS_PER_HOUR": "0", "RATE_LIMIT_CONVERSATION_PER_MINUTE": "0", "MAX_TURNS": "10000"}
        env.update({name: str(value) for name, value in settings.items()})
        self.log = (data / "log").open("ab")
        self.process = subprocess.Popen(pinned(core) + [str(build / "server/erleah-server")], env=env, stdin=subprocess.DEVNULL, stdout=self.log,
                                        stderr=self.log)

    def ready(self, seconds=600):
        """When it has its conference: the first start embeds it and writes it to Qdrant."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                sys.exit("the server ended: see its log")
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
                connection.request("GET", "/health/ready")
                if connection.getresponse().status == 200:
                    return
            except OSError:
                pass
            time.sleep(0.2)
        sys.exit("the server was not ready in time")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


def run(upstreams, server, questions, **plan):
    connection = http.client.HTTPConnection("127.0.0.1", upstreams.port, timeout=600)
    body = json.dumps(dict(plan, pid=server.process.pid, port=server.port, questions=questions))
    connection.request("POST", "/control/run", body, {"content-type": "application/json"})
    answer = connection.getresponse()
    return json.loads(answer.read())


class Shares:
    """Whose code the server's time went to, by perf's samples; nothing where there is no perf."""

    def __init__(self, server, seconds, file):
        self.file = file
        self.perf = shutil.which("perf") and subprocess.Popen(
            ["perf", "record", "-q", "-o", str(file), "-F", "99", "-p", str(server.process.pid), "--", "sleep", str(seconds)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def told(self):
        if not self.perf or self.perf.wait() != 0:
            return "not measured: perf is not here or may not look"
        said = subprocess.run(["perf", "report", "-i", str(self.file), "--stdio", "--sort", "dso"], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL).stdout
        shares = [(float(p), re.sub(r"\.so.*", "", name)) for p, name in re.findall(r"^\s+([\d.]+)%\s+(\S+)", said, re.M)]
        names = {"[kernel.kallsyms]": "the kernel", "erleah-server": "our server", "libassistant": "our library"}
        return ", ".join(f"{names.get(name, name)} {share:.0f} %" for share, name in sorted(shares, reverse=True) if share >= 1)


def rows_of(document):
    """As a Directus would have them."""
    conference = document["conference"]
    of = {"conference_id": conference["id"]}
    return {"conferences": [conference], **{name: [dict(r, **of) for r in document.get(name, [])] for name in ("sessions", "speakers", "exhibitors")}}


def questions_of(document):
    titles = [s["title"] for s in document["sessions"][:: max(1, len(document["sessions"]) // 30)]][:30]
    return COMMON[1:] + [f"Which talks are like {t[:80]}?" for t in titles]


def row(what, seen, goal, others, ratio=""):
    print(f"| {what} | {seen} | {goal} | {ratio} | {others} |", flush=True)


def report(name, r, checks, live):
    chats = max(1, r["chats"])
    checks.holds(f"{name}: every answer stands in its row byte for byte", r["chats"] and not r["wrong"], r["wrong"])
    checks.holds(f"{name}: the model was given every question verbatim", not r["not_verbatim"], r["not_verbatim"])
    checks.holds(f"{name}: no chat was refused, lost or left unfinished", not r["refused"] + r["lost"] + r["unfinished"], r)
    cpu = r["server_cpu_ms"] / chats
    busy = r["server_cpu_ms"] / r["seconds"] / 10
    return {"cpu": cpu, "busy": busy, "rate": chats / r["seconds"], "upstreams": r["upstreams_cpu_ms"] / chats,
            "memory": (r["rss_max_kib"] - r["rss_before_kib"]) / live, "row99": r["token_to_row_ms"].get("p99", float("inf")),
            "row50": r["token_to_row_ms"].get("p50", float("inf")), "post99": r["post_ms"].get("p99", float("inf")),
            "post50": r["post_ms"].get("p50", float("inf")),
            "done50": r["done_ms"].get("p50", 0), "chats": r["chats"]}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--live", default="500,1500")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--only", default="")
    parser.add_argument("--set", action="append", default=[], help="NAME=value for the server")
    parser.add_argument("--keep", type=pathlib.Path, help="folder for the double's data and the server's: a second run begins at once")
    parser.add_argument("conference", type=pathlib.Path)
    args = parser.parse_args()
    document = json.loads(args.conference.read_text(encoding="utf-8"))
    questions = questions_of(document)
    ours, others = cores()
    checks = Checks()
    with tempfile.TemporaryDirectory(prefix="erleah-bench-") as folder:
        data = args.keep or pathlib.Path(folder)
        data.mkdir(exist_ok=True)
        rows = data / "rows.json"
        rows.write_text(json.dumps(rows_of(document)), encoding="utf-8")
        qdrant = Program(["node", "--max-old-space-size=4096", QDRANT, "--stay", "--lenient", "--keep", data / "qdrant.jsonl"], others)
        upstreams = Program([args.build / "tests/bench/upstreams", rows, qdrant.port], others)
        settings = dict(s.split("=", 1) for s in args.set)
        try:
            measure(args, data, questions, ours, upstreams, settings, checks)
        finally:
            upstreams.stop()
            qdrant.stop()
    print(f"{checks.passed} passed, {checks.failed} failed")
    return 1 if checks.failed or not checks.passed else 0


def measure(args, data, questions, core, upstreams, settings, checks):
    scenarios = [("free", False, 64)] + [(f"paced, {n} live", True, int(n)) for n in args.live.split(",")]
    for name, paced, live in scenarios:
        if args.only not in name:
            continue
        server = Server(args.build, data, core, upstreams.port, **settings)
        server.ready()
        # The first chat waits for the conference; then every question once and more: Qdrant's double has answered all of them, caches
        # are warm, memory has settled.
        run(upstreams, server, questions, live=1, paced=False, warm_s=0, seconds=0.1)
        warm = 0
        while warm < 3 * len(questions):
            warm += run(upstreams, server, questions, live=8, paced=False, warm_s=0, seconds=3)["chats"]
        shares = Shares(server, args.seconds + (7 if paced else 1), data / "perf.data")
        raw = run(upstreams, server, questions, live=live, paced=paced, warm_s=7 if paced else 1, seconds=args.seconds)
        print(f"{name}: {json.dumps(raw)}", file=sys.stderr)
        r = report(name, raw, checks, live)
        if paced:
            row(f"{name}: CPU per chat", f"{r['cpu']:.2f} ms", "2 ms", "31-35 and 9 ms", f"{2 / r['cpu']:.1f} x")
            row(f"{name}: token to row, p50 / p99", f"{r['row50']:.0f} / {r['row99']:.0f} ms", "400 ms at 1,500", "100-125 and 500 live",
                f"{400 / max(1, r['row99']):.1f} x")
            row(f"{name}: POST, p50 / p99", f"{r['post50']:.1f} / {r['post99']:.1f} ms", "20 ms at 500", "", f"{20 / max(.1, r['post99']):.1f} x")
            row(f"{name}: memory per live chat", f"{r['memory']:.0f} KiB", "40 KiB", "450-700 and 10-250 KiB", f"{40 / max(1, r['memory']):.1f} x")
        else:
            row(f"{name}: CPU per chat", f"{r['cpu']:.2f} ms", "0.6 ms", "15 and 1.6-2.3 ms", f"{.6 / r['cpu']:.1f} x")
            row(f"{name}: chats a second", f"{r['rate']:.0f}", "1,600", "62-75 and 490-650", f"{r['rate'] / 1600:.1f} x")
            row(f"{name}: chats a second of the server's CPU", f"{1e3 / r['cpu']:.0f}", "1,600", "", f"{1e3 / r['cpu'] / 1600:.1f} x")
        row(f"{name}: the server's core was busy; services and visitors could do, on theirs", f"{r['busy']:.0f} %; {1e3 / r['upstreams']:.0f} chats/s", "", "")
        row(f"{name}: whose code that was", shares.told(), "", "")
        checks.holds(f"{name}: the server ends well", server.stop() == 0)


if __name__ == "__main__":
    sys.exit(main())
