#!/usr/bin/env python3
"""The whole product on an embedding server of somebody else's: a small conference in English, questions in other languages.

    real_model.py --build FOLDER --work FOLDER --url URL --pid PID	PID: the embedding server, which is ended here
"""
import argparse
import json
import os
import pathlib
import re
import signal
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/support"))
from harness import environment, equal, holds, lacks, main, run  # noqa: E402

TALKS = {
    "trains": ("Night trains across the continent", "Sleeping cars are back: timetables, couchettes and booking of rail journeys."),
    "bread": ("Sourdough for beginners", "How to bake your own loaf: flour, water, salt, wild yeast and patience."),
    "bees": ("Keeping bees on city roofs", "Hives, honey and swarms: what beekeepers in towns should know."),
    "solar": ("Photovoltaics on every balcony", "Making electricity from sunlight at home with small panels."),
    "sleep": ("Why we need rest", "What happens in the brain at night, and how insomnia can be treated."),
    "chess": ("Openings for club players", "The Sicilian and the Queen's Gambit, from the first move of the pawns to the bishops."),
    "bikes": ("Repair your bicycle", "A workshop on brakes, chains and flat tyres."),
    "money": ("Taxes for freelancers", "Invoices, deductions and the revenue office."),
}


def conference():
    sessions = [{"id": name, "title": title, "description": text, "session_type": "talk",
                 "start_time": f"2026-08-03T{9 + i:02}:00", "end_time": f"2026-08-03T{9 + i:02}:45", "location": "Hall 1"}
                for i, (name, (title, text)) in enumerate(TALKS.items())]
    return {"conference": {"id": "7c1f7a34-5f5b-4f0e-9f3e-2f3f6a1f5a01", "name": "Small Days", "timezone": "Europe/Brussels",
                           "start_date": "2026-08-03", "end_date": "2026-08-03"}, "sessions": sessions}


def settings(o, **more):
    values = {"ERLEAH_DATA": o.work + "/data", "ERLEAH_EMBEDDER": "openai", "OPENAI_BASE_URL": o.url,
              "EMBEDDING_MODEL": "multilingual-e5-small", "EMBEDDING_DIMENSIONS": 384, **more}
    return environment(o.work, **values)


def cli(o, *words, **more):
    return run([o.build + "/cli/erleah-cli", *words], settings(o, **more))


def ingest(o, *words, **more):
    return run([o.build + "/ingest/erleah-ingest", *words], settings(o, **more))


def case_ingest(o):
    pathlib.Path(o.file).write_text(json.dumps(conference()))
    done = ingest(o, "all", o.file)
    equal((done.returncode, done.stderr if done.returncode else ""), (0, ""))
    checked = ingest(o, "verify")
    equal((checked.returncode, checked.stdout if checked.returncode else ""), (0, ""))


def case_nothing_is_embedded_twice(o):
    changed = conference()
    changed["sessions"][0]["title"] = "Night trains from coast to coast"
    pathlib.Path(o.file).write_text(json.dumps(changed))
    plan = ingest(o, "all", "--dry-run", o.file)
    counts = re.search(r"(\d+) to embed, (\d+) reused; multilingual-e5-small", plan.stdout + plan.stderr)
    equal(counts and [int(n) for n in counts.groups()], [1, len(TALKS)])
    equal(ingest(o, "all", o.file).returncode, 0)


def case_other_languages(o):
    """Not a word in common with the English texts: what finds them is their meaning."""
    for question, wanted in (("Mit der Eisenbahn nachts reisen", "trains"), ("Fahrrad reparieren", "bikes"),
                             ("impuestos para autónomos", "money"), ("Schlafstörungen", "sleep")):
        seen = cli(o, "search", "--json", "--why", "--entity", "sessions", question)
        equal((question, seen.returncode), (question, 0))
        first = json.loads(seen.stdout)["results"][0]
        equal((question, first["id"]), (question, wanted))
        lacks(json.dumps(first["why"]), "lexical")
        words = cli(o, "search", "--json", "--entity", "sessions", question, ERLEAH_EMBEDDER="none")
        equal((question, [r["id"] for r in json.loads(words.stdout)["results"][:1]] == [wanted]), (question, False))


def case_doctor(o):
    seen = cli(o, "doctor")
    holds(seen.stdout, "The embedder (openai, multilingual-e5-small) answers.")


def case_other_model_is_refused(o):
    for more, other in ((dict(EMBEDDING_MODEL="another-model"), "another-model"), (dict(EMBEDDING_QUERY_PREFIX="query: "), "prefixes")):
        seen = cli(o, "search", "bread", **more)
        equal(seen.returncode, 2)
        holds(seen.stderr, "multilingual-e5-small", other, "erleah-ingest all")


def case_wrong_path(o):
    seen = cli(o, "doctor", OPENAI_BASE_URL=o.url.replace("/v1", "/v2"))
    holds(seen.stdout, "does not answer", "404", "OPENAI_BASE_URL")


def case_server_gone(o):
    os.kill(o.pid, signal.SIGTERM)
    while pathlib.Path(f"/proc/{o.pid}/cmdline").exists() and pathlib.Path(f"/proc/{o.pid}/cmdline").read_bytes():
        signal.sigtimedwait([signal.SIGCHLD], 0.05)
    seen = cli(o, "search", "--json", "--entity", "sessions", "bicycle")
    equal([r["id"] for r in json.loads(seen.stdout)["results"]][:1], ["bikes"])
    answer = json.loads(cli(o, "ask", "--json", "Is there a talk about honey?").stdout)
    equal((answer["outcome"], answer["mode"]), ("ok", "basic"))
    holds(answer["text"], "Keeping bees on city roofs")
    holds(cli(o, "doctor").stdout, "The embedder (openai, multilingual-e5-small) does not answer")


parser = argparse.ArgumentParser()
for name in ("build", "work", "url"):
    parser.add_argument("--" + name, required=True)
parser.add_argument("--pid", type=int, required=True)
options = parser.parse_args()
options.file = options.work + "/small.json"
sys.exit(main(globals(), options))
