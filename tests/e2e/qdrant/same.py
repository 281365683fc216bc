#!/usr/bin/env python3
"""The programs on Qdrant's double, beside the same on the embedded index: what is loaded, verified and answered is the same.

    same.py BUILD URL DIR
"""
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

BUILD, URL, DIR = sys.argv[1:4]
CONFERENCE, QUESTIONS = "examples/conference/conference.json", "examples/conference/questions.json"
WITHIN = 0.02
failures = passed = 0


def check(name, condition, detail=""):
    global failures, passed
    if condition:
        passed += 1
        return
    failures += 1
    print(f"FAILED {name}: {detail}"[:2000])


def run(data, *command, **settings):
    environment = {k: v for k, v in os.environ.items() if k not in ("ERLEAH_EMBEDDER", "QDRANT_URL")}
    environment.update(settings, ERLEAH_DATA=f"{DIR}/{data}")
    done = subprocess.run([f"{BUILD}/{command[0]}", *command[1:]], env=environment, capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout, done.stderr


def measures(text):
    run_ = json.loads(text)
    return {q["id"]: q["runs"]["full"] for q in run_["questions"]}


def mean(of, key):
    values = [q[key] for q in of.values() if q.get(key) is not None]
    return sum(values) / len(values)


code, out, err = run("flat", "ingest/erleah-ingest", "all", CONFERENCE)
check("loaded into the embedded index", code == 0, err)
_, embedded, err = run("flat", "cli/erleah-cli", "eval", "--json", QUESTIONS)
[file] = [name for name in os.listdir(f"{DIR}/flat") if name.startswith("index.")]
code, out, err = run("flat", "tests/bench/stage_vectors", f"{DIR}/flat/{file}", URL)
check("vectors staged", code == 0, err)

code, out, err = run("qdrant", "ingest/erleah-ingest", "all", CONFERENCE, QDRANT_URL=URL)
check("loaded into Qdrant", code == 0, err)
check("nothing embedded again", " 0 embedded" in out, out)
check("no index file beside", not any(n.startswith("index.") for n in os.listdir(f"{DIR}/qdrant")), os.listdir(f"{DIR}/qdrant"))
code, out, err = run("qdrant", "ingest/erleah-ingest", "verify", QDRANT_URL=URL)
check("verified", code == 0, out + err)
code, out, err = run("qdrant", "ingest/erleah-ingest", "all", CONFERENCE, QDRANT_URL=URL)
check("the same again is not written", code == 0 and "as it was" in out, out + err)
code, out, err = run("qdrant", "cli/erleah-cli", "ask", "Where is the registration desk?", QDRANT_URL=URL)
check("asked", code == 0 and "Hall D" in out, out + err)

code, remote, err = run("qdrant", "cli/erleah-cli", "eval", "--json", QUESTIONS, QDRANT_URL=URL)
check("measured", code == 0, err)
a, b = measures(embedded), measures(remote)
for key in ("ndcg", "recall", "rr"):
    print(f"{key}: {mean(a, key):.3f} embedded, {mean(b, key):.3f} on Qdrant")
    check(f"{key} within {WITHIN}", abs(mean(a, key) - mean(b, key)) <= WITHIN, (mean(a, key), mean(b, key)))
check("kinds", [q["kind_ok"] for q in a.values()] == [q["kind_ok"] for q in b.values()], "another kind of answer")

seen = json.load(urllib.request.urlopen(f"{URL}/fake/seen"))
check("nothing refused as not Qdrant's", seen["refused"] == [], seen["refused"])
code, out, err = run("qdrant", "cli/erleah-cli", "ask", "Which talks are about sensors?", QDRANT_URL="http://127.0.0.1:9")
check("without Qdrant the records answer", code == 0 and "sensors" in out and "References" in out, out + err)

# --- Qdrant goes and comes back, and the server with it ------------------------------------

KEPT = f"{DIR}/kept"


def port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def fake(number):
    process = subprocess.Popen(["node", "tests/support/qdrant/fake.mjs", "--port", str(number), "--keep", KEPT, "--stay"],
                               stdout=subprocess.PIPE, text=True)
    process.stdout.readline()
    return process


def serve(word, *settings):
    subprocess.run([f"tests/support/erleah/{word}", f"{DIR}/serving", *settings], check=True, timeout=200, stdout=subprocess.DEVNULL)
    if word == "stop":
        return ""
    with open(f"{DIR}/serving/env") as lines:
        return re.search(r"ERLEAH_SERVER_URL=(\S+)", lines.read()).group(1).strip("'\"")


def ask(server):
    done = subprocess.run([f"{BUILD}/cli/erleah-cli", "ask", "--url", server, "Which talks are about sensors?"],
                          capture_output=True, text=True, timeout=60)
    return done.returncode == 0 and "sensors" in done.stdout, done.stdout + done.stderr


def ready(server):
    try:
        answer = urllib.request.urlopen(f"{server}/health/ready", timeout=10)
    except urllib.error.HTTPError as e:
        answer = e
    return answer.status, json.load(answer)["checks"].get("qdrant")


def questions(number):
    return json.load(urllib.request.urlopen(f"http://127.0.0.1:{number}/fake/seen"))["requests"].get(
        "POST /collections/{collection_name}/points/query/batch", 0)


def wait_for(what, seconds=60):
    until = time.monotonic() + seconds
    while not what():
        if time.monotonic() > until:
            return False
        time.sleep(0.2)
    return True


number = port()
address = f"http://127.0.0.1:{number}"
settings = ["--build", BUILD, f"QDRANT_URL={address}", "ERLEAH_EMBEDDER=none", "RATE_LIMIT_ADDRESS_PER_HOUR=0"]
qdrant = fake(number)
server = None
try:
    server = serve("start", *settings)
    check("served", *ask(server))
    check("by Qdrant", questions(number) > 0, "it was not asked")
    check("ready", ready(server) == (200, "ok"), ready(server))
    qdrant.kill()
    qdrant.wait()
    check("Qdrant killed: the records answer", *ask(server))
    check("degraded", ready(server) == (200, "degraded"), ready(server))
    serve("stop")
    server = serve("start", *settings)
    check("started without Qdrant", *ask(server))
    qdrant = fake(number)
    check("Qdrant is back and asked again", wait_for(lambda: ask(server)[0] and questions(number) > 0), ready(server))
    check("ready again", ready(server) == (200, "ok"), ready(server))
finally:
    qdrant.kill()
    if server:
        serve("stop")
print(f"{passed} passed, {failures} failed")
sys.exit(1 if failures else 0)
