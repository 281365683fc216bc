#!/usr/bin/env python3
"""erleah-cli as its users meet it: on a terminal, in a pipe, beside other programs.

usage: test_cli.py BUILD_FOLDER
"""
import json
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))
from harness import Terminal, environment, equal, holds, lacks, main, run, stop  # noqa: E402

CONFERENCE = ROOT / "examples/conference/conference.json"
TIDEWATER = "55697319-bc72-566a-ad7a-bf2e4c60bc4e"
SECOND = {
    "conference": {"id": "0d9c1bdc-6c4a-5d0f-8a43-4f3a2b1f7f10", "name": "Canal Day 2027",
                   "timezone": "Europe/Amsterdam", "start_date": "2027-09-04", "end_date": "2027-09-04"},
    "sessions": [{"id": "s1", "title": "Locks and how to love them", "location": "Boathouse",
                  "start_time": "2027-09-04T10:00:00+02:00", "end_time": "2027-09-04T10:45:00+02:00"}],
}
UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
STYLE = re.compile(r"\x1b\[[0-9;]*m")
SLOW = {"COMPOSER_PACE_MS": 150}


class Context:
    def __init__(self, build, folder):
        self.cli = build / "cli/erleah-cli"
        self.ingest = build / "ingest/erleah-ingest"
        self.server = build / "server/erleah-server"
        self.folder = folder
        self.data = folder / "data"
        self.load(CONFERENCE)

    def env(self, **settings):
        values = {"ERLEAH_DATA": self.data, "XDG_STATE_HOME": self.folder / "state"}
        values.update(settings)
        return environment(self.folder, **values)

    def load(self, path, **settings):
        done = run([self.ingest, "all", "--quiet", path], self.env(**settings))
        if done.returncode:
            raise SystemExit(f"the conference was not loaded: {done.stderr}")

    def __call__(self, *words, text=None, **settings):
        return run([self.cli, *words], self.env(**settings), text)

    def terminal(self, *words, columns=80, **settings):
        return Terminal([self.cli, *words], self.env(**settings), columns)

    def two_conferences(self):
        """A data folder with the example and a second one."""
        data = self.folder / "two"
        if not data.exists():
            shutil.copytree(self.data, data)
            path = self.folder / "second.json"
            path.write_text(json.dumps(SECOND))
            self.load(path, ERLEAH_DATA=data)
        return data


def plain(text):
    """What stays on the screen: without styles and lines that were wiped."""
    return re.sub(r"[^\n]*\r\x1b\[K", "", STYLE.sub("", text)).replace("\r", "")


# --- Usage ----------------------------------------------------------------------------------


def case_help_and_version(c):
    done = c("--help")
    equal(done.returncode, 0)
    holds(done.stdout, "usage: erleah-cli", "ask QUESTION", "doctor", "Exit status: 0 done")
    equal(c("-h").stdout, done.stdout)
    done = c("search", "--help")
    holds(done.stdout, "--entity KIND", "--why")
    lacks(done.stdout, "--defaults")
    done = c("--version")
    assert re.fullmatch(r"erleah-cli \d+\.\d+\.\d+\n", done.stdout), done.stdout


def case_the_page_is_complete(c):
    page = (ROOT / "docs/cli.md").read_text()
    commands = re.findall(r"^  ([a-z]+)", c("--help").stdout, re.M)
    assert len(commands) > 5, commands
    for command in commands:
        assert re.search(rf"^\| `{command}[ `]", page, re.M), command
        for option in re.findall(r"^  (--[a-z]+)", c(command, "--help").stdout, re.M):
            holds(page, f"`{option}")
    for slash in re.findall(r"^  (/[a-z]+)", c(text="/help\n").stdout, re.M):
        holds(page, f"`{slash}")


def wrong(c, words, *parts, **settings):
    done = c(*words, **settings)
    equal(done.returncode, 2)
    equal(done.stdout, "")
    holds(done.stderr, "erleah-cli: ", *parts)
    equal(done.stderr.count("\n"), 1)


def case_wrong_usage(c):
    wrong(c, ["what"], 'there is no command "what"')
    wrong(c, ["ask"], "ask needs words: QUESTION")
    wrong(c, ["ask", "x", "--nonsense"], "there is no option --nonsense")
    wrong(c, ["graph", "--why"], "graph takes no option --why")
    wrong(c, ["search", "x", "--limit", "0"], "--limit takes a number from 1 to 100")
    wrong(c, ["search", "x", "--limit", "ten"], "--limit takes a number from 1 to 100")
    wrong(c, ["search", "x", "--entity", "rooms"], "rooms", "sessions, exhibitors, speakers and all")
    wrong(c, ["ask", "x", "--now", "noon"], "noon", "ISO 8601")
    wrong(c, ["ask", "x", "--now", "2027-05-20T09:00"], "2027-05-20T09:00", "offset")
    wrong(c, ["ask", "x"], "MAX_TURNS", "many", MAX_TURNS="many")
    wrong(c, ["ask", "x"], "ERLEAH_DTAA", ERLEAH_DTAA="/tmp")


def case_no_conference(c):
    with tempfile.TemporaryDirectory(dir=c.folder) as empty:
        done = c("ask", "When is lunch?", ERLEAH_DATA=empty)
        equal(done.returncode, 1)
        equal(done.stdout, "")
        equal(done.stderr, f"erleah-cli: no conference is loaded in {empty} (the setting ERLEAH_DATA); "
                           "erleah-ingest all FILE loads one\n")
        for words in ([], ["search", "lunch"]):
            done = c(*words, text="When is lunch?\n", ERLEAH_DATA=empty)
            equal((done.returncode, done.stdout), (1, ""))
        done = c("doctor", ERLEAH_DATA=empty)
        equal(done.returncode, 1)
        holds(done.stdout, "error", "erleah-ingest all FILE")


def case_data_that_cannot_be_made(c):
    done = c("ask", "When is lunch?", ERLEAH_DATA="/proc/erleah")
    equal(done.returncode, 2)
    holds(done.stderr, "ERLEAH_DATA", "/proc/erleah")


def case_output_that_cannot_be_written(c):
    with open("/dev/full", "w") as full:
        done = subprocess.run([c.cli, "graph"], env=c.env(), stdout=full, stderr=subprocess.PIPE,
                              timeout=60, check=False)
    equal(done.returncode, 1)


# --- One question ---------------------------------------------------------------------------


def case_ask(c):
    done = c("ask", "Where is the Carbopur stand?")
    equal(done.returncode, 0)
    equal(done.stderr, "")
    holds(done.stdout, "Carbopur", "A24", "\nReferences\n", "exhibitor  Carbopur")
    lacks(done.stdout, "\x1b", "**", "[[")


def case_ask_words_need_no_quotes(c):
    done = c("ask", "Where", "is", "the", "Carbopur", "stand?", "--quiet")
    equal(done.returncode, 0)
    holds(done.stdout, "A24")
    lacks(done.stdout, "References", "You could ask")


def case_ask_json(c):
    done = c("ask", "Where is the Carbopur stand?", "--json")
    equal(done.returncode, 0)
    equal(done.stdout.count("\n"), 1)
    reply = json.loads(done.stdout)
    assert re.fullmatch(UUID, reply["id"]), reply
    equal((reply["state"], reply["outcome"], reply["mode"]), ("completed", "ok", "full"))
    holds(reply["text"], "A24")
    first = reply["references"][0]
    equal((first["type"], first["name"]), ("exhibitor", "Carbopur"))
    assert isinstance(reply["timings"], dict) and isinstance(reply["suggestions"], list), reply


def case_ask_as_of_a_time(c):
    during = c("ask", "What is on now?", "--now", "2027-05-20T09:45:00+02:00")
    equal(during.returncode, 0)
    holds(during.stdout, "Keeping the taps on")
    later = c("ask", "What is on now?", "--now", "2027-05-21T18:00:00+02:00")
    lacks(later.stdout, "Keeping the taps on")


def case_ask_what_nobody_knows(c):
    done = c("ask", "Is there a talk about xylophones?")
    equal(done.returncode, 3)
    assert done.stdout.strip(), "an answer says so"
    lacks(done.stdout, "References")
    done = c("ask", "Is there a sauna?")
    holds(done.stdout, "Whom to ask is under Info desk.")
    equal(done.returncode, 3)  # a page that is named is nothing that was found
    equal(c("ask", "Is there Wi-Fi?").returncode, 0)


def case_ask_about_a_conference(c):
    data = c.two_conferences()
    done = c("ask", "When is the talk about locks?", "--conference", "Canal Day 2027", ERLEAH_DATA=data)
    equal(done.returncode, 0)
    holds(done.stdout, "Locks and how to love them")
    done = c("ask", "Where is Carbopur?", "--conference", TIDEWATER, ERLEAH_DATA=data)
    holds(done.stdout, "A24")
    done = c("ask", "Where is Carbopur?", "--conference", "Nowhere", ERLEAH_DATA=data)
    equal(done.returncode, 1)
    holds(done.stderr, "onference")
    done = c("ask", "Where is Carbopur?", ERLEAH_DATA=data)
    equal(done.returncode, 1)  # which one?
    holds(done.stderr, "onference")


def case_ask_too_much(c):
    done = c("ask", "a" * 2001)
    equal(done.returncode, 1)
    holds(done.stderr, "2001", "2000")
    equal(done.stderr.count("\n"), 1)


def case_words_as_they_arrive(c):
    process = subprocess.Popen([c.cli, "ask", "Workshops on Saturday morning?"], env=c.env(**SLOW),
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    first = os.read(process.stdout.fileno(), 20)
    assert first and process.poll() is None, "the first words come while the answer goes on"
    out, err = process.communicate(timeout=60)
    equal((process.returncode, err), (0, b""))
    assert len(out) > 20, out


def case_log_lines_stay_away(c):
    done = c("ask", "When is lunch on Saturday?", LOG_LEVEL="debug")
    equal(done.stderr, "")
    done = c("ask", "When is lunch on Saturday?", "--verbose", LOG_LEVEL="debug")
    assert done.stderr.count("\n") > 2, done.stderr
    lacks(done.stdout, "turn.began")


# --- Search, reports ----------------------------------------------------------------------------


def case_search(c):
    done = c("search", "heat pumps")
    equal(done.returncode, 0)
    lines = done.stdout.splitlines()
    assert re.match(r"\s+score\s+type\s+name", lines[0]), lines[0]
    equal([line for line in lines if line != line.rstrip()], [])
    assert re.match(r"\s*1\s+[01]\.\d\d\s+(session|speaker|exhibitor)\s+\S", lines[1]), lines[1]
    assert re.search(r"(Thu 20|Fri 21|Sat 22) May \d\d:\d\d-\d\d:\d\d", done.stdout), done.stdout
    holds(done.stdout, "Times are the venue's (UTC+02:00).")


def case_search_options(c):
    def results(*words):
        done = c("search", *words, "--json")
        assert done.returncode in (0, 3), done.stderr
        return json.loads(done.stdout)["results"]

    equal(len(results("water", "--limit", "3")), 3)
    for entity, kind in (("sessions", "session"), ("speakers", "speaker"), ("exhibitors", "exhibitor")):
        found = results("water", "--entity", entity)
        assert found, entity
        equal({r["type"] for r in found}, {kind})
    found = results("workshop", "--day", "2027-05-22", "--type", "workshop", "--entity", "sessions")
    assert found, "Saturday has workshops"
    equal({r["start"][:10] for r in found}, {"2027-05-22"})
    found = results("water", "--place", "Tidensaal", "--entity", "sessions")
    assert found, "that hall has sessions"
    equal({r["location"] for r in found}, {"Tidensaal (A1.02)"})
    assert all("why" in r for r in results("heat pumps", "--why"))
    done = c("search", "water", "--place", "Tidensal hall of dreams")
    equal(done.returncode, 2)
    holds(done.stderr, "place")


def case_search_why(c):
    done = c("search", "heat pumps", "--why", "--limit", "2")
    equal(done.returncode, 0)
    holds(done.stdout, "understood:\n")
    assert len(done.stdout.splitlines()) >= 6, done.stdout


def case_search_nothing(c):
    done = c("search", "xylophonqwertz zzgrmbl", "--raw")
    equal(done.returncode, 3)
    holds(done.stdout, "Nothing found.")


def case_graph(c):
    done = c("graph")
    equal(done.returncode, 0)
    holds(done.stdout, "understand", "plan", "execute", "reflect", "respond")


def case_tools(c):
    done = c("tools")
    equal(done.returncode, 0)
    holds(done.stdout, "search_sessions", "search_exhibitors", "search_speakers", "get_conference_info")
    tools = json.loads(c("tools", "--json").stdout)
    for tool in tools:
        holds(done.stdout, tool["name"], tool["description"])
        for parameter in tool["input_schema"]["properties"]:
            holds(done.stdout, f"\n  {parameter} ")


def case_settings(c):
    done = c("settings", MAX_TURNS=7, DIRECTUS_API_KEY="very-secret-token")
    equal(done.returncode, 0)
    lacks(done.stdout, "very-secret-token")
    assert re.search(r"^\* MAX_TURNS +7$", done.stdout, re.M), done.stdout
    assert re.search(r"^\* DIRECTUS_API_KEY +\(set\)$", done.stdout, re.M), done.stdout
    assert re.search(r"^  LOG_FORMAT +auto$", done.stdout, re.M), done.stdout
    values = json.loads(c("settings", "--json", MAX_TURNS=7, DIRECTUS_API_KEY="very-secret-token").stdout)
    equal(values["MAX_TURNS"], {"value": "7", "default": "2000", "type": "int"})
    equal(values["DIRECTUS_API_KEY"]["value"], "(set)")


def case_settings_are_shown_when_nothing_opens(c):
    equal(c("settings", ERLEAH_DATA="/proc/erleah").returncode, 0)


def case_settings_defaults(c):
    def settings_of(text):
        return text[text.index("# --- "):]

    done = c("settings", "--defaults", MAX_TURNS=7)
    equal(done.returncode, 0)
    equal(settings_of(done.stdout), settings_of((ROOT / ".env.example").read_text()))


def case_doctor(c):
    done = c("doctor")
    equal(done.returncode, 0)
    holds(done.stdout, "ok ", "1 conference")
    findings = json.loads(c("doctor", "--json").stdout)["findings"]
    assert findings and all(f["what"] for f in findings), findings


# --- Measuring ----------------------------------------------------------------------------------

QUESTIONS = ROOT / "examples/conference/questions.json"


def written(c, name, value):
    path = c.folder / name
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return path


def case_eval_on_the_example(c):
    run_path = c.folder / "run.json"
    done = c("eval", QUESTIONS, "--json", "--save", run_path)
    equal((done.returncode, done.stderr), (0, ""))
    result = json.loads(done.stdout)
    equal(result, json.loads(run_path.read_text()))
    rows = {row["type"]: row for row in result["summary"]}
    equal(rows["all"]["n"], 104)
    equal(sum(row["n"] for name, row in rows.items() if name != "all"), 104)
    # What holds without vectors, and must not be lost.
    for name, least in (("name", 0.99), ("time_place", 0.85)):
        assert rows[name]["ndcg"] >= least, rows[name]
    assert rows["all"]["kind"] >= 0.90, rows["all"]
    assert rows["info"]["kind"] >= 0.95 and "ndcg" not in rows["info"], rows["info"]
    assert 0 < result["timing"][0]["p50_ms"] <= result["timing"][0]["p99_ms"], result["timing"]
    table = c("eval", QUESTIONS).stdout
    for name, row in rows.items():
        ndcg = f"{row['ndcg']:.3f}" if "ndcg" in row else "-"
        assert re.search(rf"^{name} +{row['n']} +{ndcg} ", table, re.M), (name, table)
    kept = c("eval", run_path).stdout
    equal(kept.splitlines()[:-1], table.splitlines()[:-1])  # but for the times


def case_eval_arithmetic(c):
    """Rankings whose scores can be worked out by hand: 1/log2(3) is .631."""
    found = json.loads(c("search", "heat pumps", "--json", "--now", "2027-05-20T09:00:00+02:00").stdout)["results"]
    ids = [r["id"] for r in found]
    path = written(c, "hand.json", [
        {"id": "a", "type": "one", "question": "heat pumps", "relevant": [{"id": ids[1], "grade": 3}]},
        {"id": "b", "type": "two", "question": "heat pumps", "relevant": [{"id": ids[1], "grade": 1}],
         "also_relevant": [{"id": ids[0]}]},
        {"id": "c", "type": "two", "question": "heat pumps", "expect": "none"},
    ])
    done = c("eval", path, "--json")
    run = json.loads(done.stdout)
    scores = {q["id"]: q["runs"]["full"] for q in run["questions"]}
    equal((scores["a"]["ndcg"], scores["a"]["rr"], scores["a"]["recall"]), (0.63093, 0.5, 1))
    equal((scores["b"]["ndcg"], scores["b"]["rr"]), (1, 1))
    equal([scores[q]["kind_ok"] for q in "abc"], [True, True, False])
    equal([r["id"] for r in scores["a"]["ranking"]][:10], ids)
    rows = {row["type"]: row for row in run["summary"]}
    equal((rows["two"]["n"], rows["two"]["judged"], rows["two"]["kind"]), (2, 1, 0.5))
    equal(rows["all"]["ndcg"], 0.8155)


def case_eval_misses(c):
    found = json.loads(c("search", "heat pumps", "--json", "--now", "2027-05-20T09:00:00+02:00").stdout)["results"]
    wanted = json.loads(c("search", "Carbopur", "--json").stdout)["results"][0]
    path = written(c, "misses.json", [
        {"id": "a", "type": "t", "question": "heat pumps", "relevant": [{"id": wanted["id"], "grade": 2},
                                                                      {"id": found[0]["id"], "grade": 1}]},
        {"id": "b", "type": "t", "question": "Carbopur", "relevant": [{"id": wanted["id"], "grade": 2}]},
        {"id": "c", "type": "t", "question": "Is there wifi?", "expect": "info", "info_keys": ["food"]},
    ])
    out = c("eval", path, "--misses").stdout
    holds(out, "heat pumps\n  a, t, nDCG@10 ", found[1]["name"], "Carbopur, grade 2, not found",
          "another page should come first", "2 of 3 questions are below 1.0 (full).")
    assert re.search(r"^  \+  1  session ", out, re.M), out
    lacks(out, "\n  b, t")


def case_eval_held_out_and_compare(c):
    before, after = c.folder / "before.json", c.folder / "after.json"
    done = c("eval", QUESTIONS, "--held-out", "4", "--save", before)
    equal(done.returncode, 0)
    holds(done.stdout, "tuned ", "\n\nheld out ")
    kept = json.loads(before.read_text())
    parts = {(row["part"], row["type"]): row for row in kept["summary"]}
    equal(parts["tuned", "all"]["n"] + parts["held out", "all"]["n"], 104)
    assert 10 < parts["held out", "all"]["n"] < 45, parts["held out", "all"]
    same = c("eval", QUESTIONS, "--compare", before)
    equal(same.returncode, 0)
    holds(same.stdout, "+0.000", "\n0 better\n", "\n0 worse\n")
    # One question that found everything finds nothing, another one the other way round.
    good = next(q for q in kept["questions"] if q["runs"]["full"].get("ndcg") == 1)
    bad = next(q for q in kept["questions"] if q["runs"]["full"].get("ndcg") == 0)
    for q, value in ((good, 0), (bad, 1)):
        q["runs"]["full"]["ndcg"] = value
    after.write_text(json.dumps(kept))
    done = c("eval", after, "--compare", before, "--json")
    equal(done.returncode, 0)
    changes = json.loads(done.stdout)
    equal(([q["id"] for q in changes["better"]], [q["id"] for q in changes["worse"]]), ([bad["id"]], [good["id"]]))
    done = c("eval", after, "--compare", before)
    holds(done.stdout, "1 better", good["question"], bad["question"], "1.000 -> 0.000", "0.000 -> 1.000")
    done = c("eval", after, "--compare", QUESTIONS)
    equal(done.returncode, 2)
    holds(done.stderr, "--compare takes a run that --save made")


def case_eval_answers(c):
    done = c("eval", QUESTIONS, "--answers", "--json")
    report = json.loads(done.stdout)
    equal((report["answers"], report["unsupported"], report["invalid_references"]), (104, 0, 0))
    equal((done.returncode, done.stderr), (0, ""))
    assert report["claims"] > 500 and report["references"] > 100, report
    equal(len(report["items"]), 104)


def case_eval_conversations(c):
    talks = [{"id": "right", "conference": "here", "now": "2027-05-20T09:00:00+02:00", "turns": [
                 {"question": "Where is the Carbopur stand?", "expect": {"kind": "entities", "words_all": ["A24"]}},
                 {"question": "What do they sell?", "expect": {"words_all": ["activated carbon"], "language": "en"}}]},
             {"id": "other", "conference": "Nowhere", "turns": [{"question": "x", "expect": {}}]}]
    value = {"conferences": {"here": TIDEWATER}, "conversations": talks}
    done = c("eval", written(c, "talks.json", value), "--answers")
    equal(done.returncode, 0)
    holds(done.stdout, "ok     right, 2 turns\n", "1 conversations, 2 turns, 0 of them wrong\n", "0 unsupported")
    equal(done.stderr, "erleah-cli: 1 of 2 conversations are about conferences that are not loaded\n")
    talks[0]["turns"][1]["expect"] = {"kind": "info", "words_none": ["Carbopur"]}
    done = c("eval", written(c, "talks.json", value))
    equal(done.returncode, 1)
    holds(done.stdout, "wrong  right, 2 turns\n", "right/2  What do they sell?\n", "refers to no information page",
          'says "Carbopur"', "2 turns, 1 of them wrong")
    report = json.loads(c("eval", written(c, "talks.json", value), "--json").stdout)
    equal([(t["id"], t["ok"]) for t in report["conversations"]], [("right", False)])
    equal([len(item["problems"]) for item in report["items"]], [0, 2])
    equal(c("eval", written(c, "talks.json", {"conversations": talks[1:]})).returncode, 1)


def case_eval_wrong_files(c):
    question = {"id": "a", "type": "t", "question": "q", "expect": "none"}
    for name, value, part in (
            ("text", "no json", "is not JSON (line 1)"),
            ("cut", '[{"id":"a",\n\n', "is not JSON (line 3)"),
            ("more", "[] []", "is not JSON"),
            ("nothing", "", "is not JSON"),
            ("object", {"questions": []}, "neither a list of questions"),
            ("empty", [], "accepted are 1 to"),
            ("numbers", [1], 'question 1 needs "id" and "question"'),
            ("untyped", [{"id": "a", "question": "q"}], 'question a has no "type"'),
            ("judged", [dict(question, relevant=[{"grade": 1}])], "relevant and also_relevant take lists"),
            ("list", [dict(question, relevant={})], "relevant and also_relevant take lists"),
            ("kind", [dict(question, expect="page")], 'expects "page"; accepted are entities, info and none'),
            ("hollow", [{"id": "a", "type": "t", "question": "q"}], "neither relevant records nor"),
            ("twice", [question, question], "there are two questions a"),
            ("foreign", [dict(question, relevant=[{"id": "x"}])], "another conference is meant"),
            ("turns", {"conversations": [{"id": "a"}]}, 'conversation 1 needs "id" and "turns"')):
        wrong(c, ["eval", written(c, f"{name}.json", value)], part)
    wrong(c, ["eval", c.folder / "not-there.json"], "cannot be read: No such file")
    wrong(c, ["eval", c.folder], "cannot be read: Is a directory")
    wrong(c, ["eval", QUESTIONS, QUESTIONS], "eval takes one file")
    wrong(c, ["eval", QUESTIONS, "--held-out", "1"], "--held-out takes a number from 2")
    wrong(c, ["eval", QUESTIONS, "--scoring", "full,best"], "--scoring takes full, lexical and reference")
    done = c("eval", QUESTIONS, "--save", "/proc/run.json")
    equal(done.returncode, 1)
    holds(done.stderr, "cannot be written to /proc/run.json")


# --- A server -----------------------------------------------------------------------------------


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    def __init__(self, c, **settings):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = c.folder / f"server-{self.port}.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([c.server], env=c.env(**{"PORT": self.port, **settings}),
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        end = time.monotonic() + 60
        while c("health", "--url", self.url).returncode:
            assert self.process.poll() is None and time.monotonic() < end, self.log.read_text()
            time.sleep(0.1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        stop(self.process)

    def call(self, path, body=None):
        import urllib.request
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)


def case_health(c):
    done = c("health", "--url", f"http://127.0.0.1:{free_port()}")
    equal((done.returncode, done.stdout), (1, ""))
    holds(done.stderr, "Nothing answers at http://127.0.0.1:", "Connection refused")
    wrong(c, ["health", "--url", "example.org"], "accepted is one such as http://127.0.0.1:8000")
    with Server(c) as server:
        done = c("health", "--url", server.url)
        equal((done.returncode, done.stderr), (0, ""))
        assert re.fullmatch(r"healthy, version \d+\.\d+\.\d+\n", done.stdout), done.stdout
        equal(c("health", "--url", server.url + "/").returncode, 0)
        equal(c("health", PORT=server.port).returncode, 0)
        equal(c("health", API_PORT=server.port, API_HOST="0.0.0.0").returncode, 0)
        equal(c("health", "--url", server.url + "/elsewhere").returncode, 1)


def case_a_live_reply_is_not_disturbed(c):
    """A server answers slowly; programs come and go on the same data."""
    import uuid
    with Server(c, **SLOW) as server:
        conversation, message = str(uuid.uuid4()), str(uuid.uuid4())
        server.call("/items/conversations", {"id": conversation, "conference_id": TIDEWATER})
        server.call("/items/messages", {"id": message, "conversation_id": conversation,
                                        "messageText": "Workshops on Saturday morning?"})
        reply = server.call("/api/chat", {"conversation_id": conversation, "message_id": message,
                                          "conference_id": TIDEWATER})["assistant_message_id"]
        equal(c("ask", "Where is the Carbopur stand?").returncode, 0)
        equal(c("doctor").returncode, 0)
        row = server.call(f"/items/messages/{reply}")["data"]
        equal(row["status"], "streaming")
        end = time.monotonic() + 60
        while row["status"] != "completed" and time.monotonic() < end:
            time.sleep(0.1)
            row = server.call(f"/items/messages/{reply}")["data"]
        equal((row["status"], row["metadata"]["outcome"]), ("completed", "ok"))
        holds(row["messageText"], "Draw a street in section")


class CuttingProxy:
    """Stands before a server and cuts event streams after so many bytes, each time a little later."""

    def __init__(self, port, after):
        import threading
        self.target, self.after, self.cuts = port, after, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        import threading
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.pass_on, args=(client,), daemon=True).start()

    def pass_on(self, client):
        with client, socket.create_connection(("127.0.0.1", self.target)) as server:
            streaming, passed = False, 0
            while True:
                for s in select.select([client, server], [], [])[0]:
                    data = s.recv(100)
                    if not data:
                        return
                    (server if s is client else client).sendall(data)
                    if s is client:
                        continue
                    streaming = streaming or b"text/event-stream" in data
                    passed += len(data) if streaming else 0
                    if streaming and passed > self.after * (self.cuts + 1) and self.cuts < 3:
                        self.cuts += 1
                        return

    def close(self):
        self.listener.close()


def case_url(c):
    with Server(c, API_DEBUG="true") as server:
        at = ["--url", server.url]
        here, there = c("ask", "Where is the Carbopur stand?"), c("ask", "Where is the Carbopur stand?", *at)
        equal((there.returncode, there.stdout, there.stderr), (0, here.stdout, ""))
        equal(c("search", "heat pumps", *at).stdout, c("search", "heat pumps").stdout)
        # Nothing of this machine's settings counts.
        equal(c("ask", "Where is the Carbopur stand?", *at, ERLEAH_DATA="/proc/erleah").stdout, here.stdout)
        done = c("ask", "What is on now?", "--now", "2027-05-20T09:45:00+02:00", *at)
        holds(done.stdout, "Keeping the taps on")
        done = c("ask", "What is on now?", "--now", "noon", *at)
        assert done.returncode != 0 and "now" in done.stderr, done.stderr
        done = c("ask", "x", "--conference", "Nowhere", *at)
        equal((done.returncode, done.stderr), (1, "erleah-cli: Conference not found\n"))
        done = c("chat", "--json", *at, text="Who is Thordis Aegisdottir?\nWhen does she speak?\n/search water --limit 1\n")
        equal((done.returncode, done.stderr), (0, ""))
        replies = [json.loads(line) for line in done.stdout.splitlines()]
        equal(len(replies), 3)
        holds(replies[1]["text"], "Heat is a public good")
        equal(len(replies[2]["results"]), 1)
        done = c("doctor", *at)
        equal(done.returncode, 0)
        holds(done.stdout, "The server's sqlite is ok.")
        run = json.loads(c("eval", QUESTIONS, "--json", *at).stdout)
        equal(run["summary"][-1]["n"], 104)
        done = c("eval", QUESTIONS, "--answers", *at)
        equal(done.returncode, 0)
        holds(done.stdout, "104 answers", " 0 unsupported", " 0 invalid")


def case_url_cut_streams(c):
    """The connection goes in the middle of the answer, three times; the words are those of an uncut one."""
    question = "Which workshops are there on Saturday?"
    with Server(c, COMPOSER_PACE_MS=20) as server:
        proxy = CuttingProxy(server.port, 400)
        done = c("ask", question, "--url", proxy.url)
        proxy.close()
        equal((done.returncode, done.stderr, done.stdout), (0, "", c("ask", question).stdout))
        equal(proxy.cuts, 3)


def case_url_stops(c):
    with Server(c, **SLOW) as server:
        with c.terminal("--url", server.url, "chat") as t:
            t.prompt()
            t.line("Which workshops are there on Saturday?")
            t.expect("\x1b\\[0;1m")
            t.send("\x03")
            t.expect(r"\(stopped\)", 10)
            t.prompt()
            t.line("Where is the Carbopur stand?")
            t.expect("A24")
            t.prompt()
            t.line("/quit")
            equal(t.status(), 0)


def case_url_refusals(c):
    nobody = f"http://127.0.0.1:{free_port()}"
    for words in (["ask", "x"], ["search", "x"], ["doctor"], ["chat"], ["eval", QUESTIONS]):
        done = c(*words, "--url", nobody)
        equal((done.returncode, done.stdout), (1, ""))
        holds(done.stderr, f"Nothing answers at {nobody}: Connection refused.")
        equal(done.stderr.count("\n"), 1)
    with Server(c, RATE_LIMIT_ADDRESS_PER_HOUR=2) as server:
        at = ["--url", server.url]
        equal(c("ask", "Where is Carbopur?", *at).returncode, 0)
        equal(c("ask", "Where is Carbopur?", *at).returncode, 0)
        done = c("ask", "Where is Carbopur?", *at)
        equal((done.returncode, done.stdout), (1, ""))
        assert re.search(r"Too many .* Try again in \d+ s\.\n$", done.stderr), done.stderr
        done = c("ask", "What is on now?", "--now", "2027-05-20T09:45:00+02:00", *at)
        equal(done.returncode, 1)
        holds(done.stderr, "API_DEBUG")
    with tempfile.TemporaryDirectory(dir=c.folder) as empty, Server(c, ERLEAH_DATA=empty) as server:
        done = c("ask", "x", "--url", server.url)
        equal((done.returncode, done.stderr), (1, "erleah-cli: the server has no conference loaded\n"))


# --- A conversation in a pipe -------------------------------------------------------------------


def case_a_pipe(c):
    done = c(text="Where is the Carbopur stand?\n\nWhen is lunch on Saturday?\n")
    equal((done.returncode, done.stderr), (0, ""))
    holds(done.stdout, "A24", "12:25")
    assert done.stdout.index("A24") < done.stdout.index("12:25")
    lacks(done.stdout, "\x1b", "> ", "/help lists")


def case_a_pipe_follows_up(c):
    done = c("chat", "--json", text="Who is Thordis Aegisdottir?\nWhen does she speak?\n")
    equal((done.returncode, done.stderr), (0, ""))
    replies = [json.loads(line) for line in done.stdout.splitlines()]
    equal(len(replies), 2)
    holds(replies[1]["text"], "Heat is a public good")


def case_a_pipe_many_questions(c):
    done = c("chat", "--json", text="When is lunch on Saturday?\n" * 25)
    equal((done.returncode, done.stderr), (0, ""))
    equal([json.loads(line)["outcome"] for line in done.stdout.splitlines()], ["ok"] * 25)


def case_a_pipe_without_a_last_newline(c):
    done = c(text="Where is the Carbopur stand?")
    equal(done.returncode, 0)
    holds(done.stdout, "A24")
    done = c(text="")
    equal((done.returncode, done.stdout), (0, ""))


def case_slash_commands(c):
    done = c(text="/help\n/nonsense\n/json maybe\n/search\n/search heat pumps\n/why heat pumps\n/graph\n"
                  "/now\n/now yesterday\n/now 2027-05-20T09:45:00+02:00\nWhat is on now?\n/now off\n/new\n"
                  "/conference\n/json on\nWhere is Carbopur?\n/quit\nWhere is lunch?\n")
    equal(done.returncode, 0)
    holds(done.stdout, "/conference ID|NAME", "Ctrl-C stops an answer", "Times are the venue's",
          "understood:\n", "respond", "The time is the clock's.", "Keeping the taps on",
          "A new conversation.", f"Tidewater 2027  {TIDEWATER}", '"outcome":"ok"')
    holds(done.stderr, "there is no such command", "/json takes on or off", "search needs words", "yesterday")
    equal(done.stderr.count("\n"), 4)
    assert done.stdout.rstrip().endswith("}"), "nothing behind /quit"


def case_slash_search_takes_options(c):
    done = c(text='/json on\n/search water --limit 2 --place "Tidensaal (A1.02)" --entity sessions\n'
                  "/search water --limit many\n/search water --url x\n/search water --nonsense\n")
    results = json.loads(done.stdout)["results"]
    equal(len(results), 2)
    equal({r["location"] for r in results}, {"Tidensaal (A1.02)"})
    holds(done.stderr, "--limit takes a number", "search takes no option --url", "no option --nonsense")


def case_slash_why_is_about_the_last_question(c):
    done = c("chat", "--json", text="/why\nWho speaks about heat pumps?\n/why\n/facets\n/new\n/why\n")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    equal(len(lines), 3)
    assert "why" in lines[1]["results"][0], lines[1]
    assert lines[2], "records near the question"
    equal(done.stderr.count("search needs words"), 2)
    lacks(c(text="Is --limit 3 or \"x\" about water?\n/why\n").stderr, "--limit")


def case_slash_why_resolves_what_leans(c):
    def asked(*lines):
        done = c("chat", "--json", text="\n".join(lines) + "\n/search\n")
        return json.loads(done.stdout.splitlines()[-1])

    found = asked("/now 2027-05-20T09:00:00+02:00", "Which workshops are on Thursday?", "and on Saturday?")
    assert found["results"] and all(r["start"].startswith("2027-05-22") for r in found["results"]), found
    found = asked("Who is Leila Haddad?", "what does she speak about?")
    equal(found["results"][0]["name"], "Leila Haddad")


def case_a_day_outside_is_refused(c):
    for option in (["--day", "2027-06-01"], ["--from", "2027-06-01T10:00"], ["--to", "2027-05-01T10:00"]):
        done = c("search", "water", *option)
        equal(done.returncode, 2)
        equal(done.stdout, "")
        holds(done.stderr, option[1], "Tidewater 2027 lasts from 2027-05-20 to 2027-05-22")
        equal(done.stderr.count("\n"), 1)


def case_slash_trace(c):
    done = c(text="/trace\nWho speaks about heat pumps?\n/trace\n/new\n/trace\n")
    equal(done.returncode, 0)
    equal(done.stderr, "erleah-cli: nothing was answered yet in this conversation\n" * 2)
    for step, found in (("understand", "intent speaker_search, language en, words heat pumps"), ("plan", "tools search_speakers"),
                        ("execute", "found \\d+ records"), ("respond", "references \\d+, model composer"), ("total", "")):
        assert re.search(rf"^{step} +\d+ ms *{found}", done.stdout, re.M), (step, done.stdout)
    done = c("chat", "--json", text="Who speaks about heat pumps?\n/trace\n")
    trace = json.loads(done.stdout.splitlines()[1])
    equal(trace["debug"]["tools_used"][0], "search_speakers")
    assert trace["timings"]["total_ms"] >= 0, trace


def case_slash_facets(c):
    done = c(text="/facets\n/facets heat pumps\n/facets heat pumps | COURTYARDS\n/facets heat pumps | zzz\n")
    holds(done.stderr, "/facets needs words")
    first, one = done.stdout.split("None of these was found by its meaning", 1)
    equal(first.count("\n    words "), 5)
    holds(one, "Can you hear it? A heat pump for courtyards  session 0.", "These words find no such record.")
    lacks(one, "River heat")
    found = json.loads(c("chat", "--json", text="/facets heat pumps | courtyards\n").stdout)
    equal([r["name"] for r in found], ["Can you hear it? A heat pump for courtyards"])
    assert found[0]["why"]["lexical"] > 0, found


def case_json_everywhere(c):
    """One document per line, and nothing else."""
    done = c("chat", "--json", text="Where is Carbopur?\n/search water --limit 1\n/why water --limit 1\n/conference\n/graph\n"
                                    "/now 2027-05-20T09:45:00+02:00\n/now\n/now off\n/now\n/new\n/trace\n")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    equal(len(lines), 7)
    equal((lines[3][0]["id"], lines[5], lines[6]), (TIDEWATER, {"now": "2027-05-20T09:45:00+02:00"}, {"now": None}))
    holds(json.loads(c("graph", "--json").stdout)["graph"], "understand")


def case_slash_conference(c):
    data = c.two_conferences()
    done = c(text="/conference\n/conference Nowhere\n/conference canal day 2027\nWhen is the talk about locks?\n"
                  "/conference\n", ERLEAH_DATA=data)
    holds(done.stdout, "  Canal Day 2027", "  Tidewater 2027", "Locks and how to love them",
          "* Canal Day 2027")
    holds(done.stderr, "there is no conference of that id or name")


def case_bytes_that_are_no_text(c):
    process = subprocess.run([c.cli], env=c.env(), input=b"a\0b\n\xff\xfe\nWhere is Carbopur?\n",
                             capture_output=True, timeout=60, check=False)
    equal(process.returncode, 1)
    holds(process.stderr.decode(), "NUL", "UTF-8")
    holds(process.stdout.decode(), "A24")


# --- A conversation on a terminal -------------------------------------------------------------


def case_a_terminal(c):
    with c.terminal() as t:
        t.expect(r"Tidewater 2027.*Ask in your own words; /help lists commands")
        t.prompt()
        t.line("Where is the Carbopur stand?")
        t.expect("\x1b\\[0;1mCarbopur\x1b\\[0m")
        t.expect("References")
        t.expect("exhibitor.*Carbopur")
        t.prompt()
        t.line("Who is Thordis Aegisdottir?")
        t.expect("References")
        t.prompt()
        t.line("When does she speak?")
        t.expect("Heat is a public good")
        t.prompt()
        t.send("\x04")
        equal(t.status(), 0)


def case_a_terminal_without_styles(c):
    with c.terminal("ask", "Where is the Carbopur stand?", NO_COLOR=1) as t:
        equal(t.status(), 0)
        holds(t.shown, "Carbopur")
        lacks(t.shown, "\x1b")
    with c.terminal("ask", "Where is the Carbopur stand?", TERM="dumb") as t:
        equal(t.status(), 0)
        lacks(t.shown, "\x1b")


def case_lines_fit_the_terminal(c):
    for columns in (30, 60, 100):
        with c.terminal("ask", "Which workshops are there on Saturday?", "--quiet", columns=columns) as t:
            equal(t.status(), 0)
            lines = plain(t.shown).split("\n")
            widest = max(lines, key=len)
            assert len(widest) <= columns, widest
            assert len(lines) > 3, lines
        with c.terminal("search", "water", columns=columns) as t:
            equal(t.status(), 0)
            lines = plain(t.shown).split("\n")
            widest = max(lines[:-2], key=len)  # but for the remark
            assert len(widest) <= columns, widest
            equal("score" in lines[0], columns == 100)


def case_ctrl_c_stops_the_answer(c):
    with c.terminal(**SLOW) as t:
        t.prompt()
        t.line("Which workshops are there on Saturday?")
        t.expect("\x1b\\[0;1m")  # words arrive
        t.send("\x03")
        t.expect(r"\(stopped\)", 10)
        t.prompt()
        t.line("Where is the Carbopur stand?")  # the program goes on
        t.expect("A24")
        t.prompt()
        t.line("/quit")
        equal(t.status(), 0)


def case_ctrl_c_stops_ask(c):
    with c.terminal("ask", "Which workshops are there on Saturday?", **SLOW) as t:
        t.expect("\x1b\\[0;1m")
        began = time.monotonic()
        t.send("\x03")
        equal(t.status(), 130)
        holds(t.shown, "(stopped)")
        assert time.monotonic() - began < 8


def case_ctrl_c_in_a_pipe(c):
    process = subprocess.Popen([c.cli], env=c.env(**SLOW), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    process.stdin.write(b"Which workshops are there on Saturday?\nWhere is the Carbopur stand?\n")
    process.stdin.flush()
    out = os.read(process.stdout.fileno(), 20)
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=60)
    equal(process.returncode, 130)
    lacks((out + rest).decode(), "A24")


def case_a_stopped_answer_is_completed(c):
    """The row of an answer that was stopped does not stay as it was."""
    with c.terminal("ask", "Which workshops are there on Saturday?", "--json", **SLOW) as t:
        time.sleep(1.5)
        t.send("\x03")
        equal(t.status(), 130)
        reply = json.loads(plain(t.shown).replace("^C", ""))
        equal((reply["state"], reply["outcome"]), ("completed", "stopped"))


def case_sigterm_ends_an_answer(c):
    with c.terminal(**SLOW) as t:
        t.prompt()
        t.line("Which workshops are there on Saturday?")
        t.expect("\x1b\\[0;1m")
        t.process.send_signal(signal.SIGTERM)
        equal(t.status(20), 130)


def case_ctrl_c_at_the_prompt(c):
    with c.terminal() as t:
        t.prompt()
        t.send("/nonsense")
        t.expect("/nonsense")
        t.send("\x03")
        t.line("/quit")
        equal(t.status(), 0)
        lacks(t.shown, "no such command")
    with c.terminal() as t:
        t.prompt()
        t.send("\x03")
        t.expect(r"\(Ctrl-D leaves\)")
        t.prompt()
        t.send("\x04")
        equal(t.status(), 0)


def case_ctrl_z_at_the_prompt(c):
    """Gives the terminal back to a shell, and fg takes it again with the line as it was."""
    with Terminal(["bash", "--norc", "-i"], c.env(PS1="shell: ")) as t:
        t.expect("shell: ")
        t.line(str(c.cli))
        t.prompt()
        t.send("/nonsense")
        t.expect("/nonsense")
        t.send("\x1a")
        t.expect("Stopped")
        t.expect("shell: ")
        t.line("echo $((40 + 2))")
        t.expect(r"[\r\n]42\r")
        t.line("fg")
        t.expect("> /nonsense")
        t.send("\x15/quit\r")
        t.expect("shell: ")
        t.line("exit $?")
        equal(t.status(), 0)


def case_history(c):
    state = c.folder / "history-test"
    with c.terminal(XDG_STATE_HOME=state) as t:
        t.prompt()
        t.line("Where is the Carbopur stand?")
        t.expect("References")
        t.prompt()
        t.send("\x04")
        equal(t.status(), 0)
    path = state / "erleah/history"
    equal(path.read_text(), "Where is the Carbopur stand?\n")
    equal(path.stat().st_mode & 0o777, 0o600)
    equal(path.parent.stat().st_mode & 0o777, 0o700)
    with c.terminal(XDG_STATE_HOME=state) as t:
        t.prompt()
        t.send("\x1b[A")  # up
        t.expect("Where is the Carbopur stand")
        t.send("\r")
        t.expect("References")
        t.prompt()
        t.line("/quit")
        equal(t.status(), 0)
    path.write_text("".join(f"line {i}\n" for i in range(2500)))
    with c.terminal(XDG_STATE_HOME=state) as t:
        t.prompt()
        t.line("/quit")
        equal(t.status(), 0)
    lines = path.read_text().splitlines()
    equal((len(lines), lines[0], lines[-1]), (1001, "line 1500", "/quit"))


def case_history_that_cannot_be_kept(c):
    with c.terminal(XDG_STATE_HOME="/proc/nowhere") as t:
        t.prompt()
        t.line("/quit")
        equal(t.status(), 0)


def case_tab(c):
    with c.terminal(ERLEAH_DATA=c.two_conferences()) as t:
        t.expect("2 conferences; /conference lists them")
        t.prompt()
        t.send("/conf\t")
        t.expect("erence ")
        t.send("Can\t")
        t.expect("al Day 2027")
        t.send("\r")
        t.expect("A new conversation about .*Canal Day 2027")
        t.prompt()
        t.send("/n\t")
        t.expect("/new\r?\n/now")
        t.send("\x15/search water --li\t")
        t.expect("mit ")
        t.send("\x15/quit\r")
        equal(t.status(), 0)


def case_a_resized_terminal(c):
    with c.terminal(columns=100) as t:
        t.prompt()
        t.resize(40)
        t.line("Which workshops are there on Saturday?")
        t.expect("Which workshops.*\n")
        t.expect("References")
        lines = plain(t.shown[:t.read]).split("\n")
        behind = next(i for i, line in enumerate(lines) if "Which workshops" in line)
        assert all(len(line) <= 40 for line in lines[behind + 2:]), lines
        t.prompt()
        t.line("/quit")
        equal(t.status(), 0)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="erleah-cli-") as made:
        sys.exit(main(globals(), Context(pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(made))))
