#!/usr/bin/env python3
"""erleah-ingest as organisers meet it: what it loads, what it refuses and how, under a running server.

usage: test_ingest.py --ingest PROGRAM --server PROGRAM
"""
import argparse
import copy
import datetime
import json
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))
from harness import Terminal, environment, equal, holds, lacks, main, run, stop  # noqa: E402

EXAMPLE = ROOT / "examples/conference/conference.json"
BY_WORDS = "No embedder: search goes by words alone. erleah-cli doctor says why.\n"
EXACT = "The index holds exactly the store's records.\n"
SMALL = {
    "conference": {"id": "0d9c1bdc-6c4a-5d0f-8a43-4f3a2b1f7f10", "name": "Canal Day 2027",
                   "timezone": "Europe/Amsterdam", "start_date": "2027-09-04", "end_date": "2027-09-04"},
    "sessions": [{"id": "s1", "title": "Locks and how to love them", "location": "Boathouse",
                  "start_time": "2027-09-04T10:00:00+02:00", "end_time": "2027-09-04T10:45:00+02:00"}],
    "speakers": [{"id": "p1", "name": "Joke de Wit"}],
    "exhibitors": [{"id": "x1", "name": "Oar & Rope", "booth_number": "A1"}],
}


class Context:
    def __init__(self, ingest, server, folder):
        self.program = ingest
        self.server = server
        self.folder = folder

    def fresh(self):
        """A data folder that nothing was put into."""
        return pathlib.Path(tempfile.mkdtemp(prefix="data-", dir=self.folder))

    def env(self, data, **settings):
        return environment(self.folder, ERLEAH_DATA=data, **settings)

    def __call__(self, data, *words):
        return run([self.program, *words], self.env(data))

    def file(self, document, name="conference.json"):
        """A file with the document: an object, or the text itself."""
        path = pathlib.Path(tempfile.mkdtemp(prefix="file-", dir=self.folder)) / name
        path.write_text(document if isinstance(document, str) else json.dumps(document, indent=1))
        return path

    def load(self, data, document):
        done = self(data, "all", "--quiet", self.file(document))
        equal((done.returncode, done.stdout, done.stderr), (0, "", ""))


def changed(**parts):
    document = copy.deepcopy(SMALL)
    document.update(parts)
    return document


def refused(c, document, *sentences):
    """Nothing of the document gets in, and each sentence names its line."""
    data = c.fresh()
    c.load(data, SMALL)
    done = c(data, "all", c.file(document))
    equal((done.returncode, done.stdout), (1, ""))
    holds(done.stderr, *sentences)
    equal(c(data, "verify").stdout, EXACT)
    return done.stderr


# --- Usage ----------------------------------------------------------------------------------


def case_help_and_version(c):
    done = c(c.fresh(), "--help")
    equal(done.returncode, 0)
    holds(done.stdout, "usage: erleah-ingest all", "--start-on", "--dry-run", "verify", "sessions", "conference")
    assert re.fullmatch(r"erleah-ingest \d+\.\d+\.\d+\n", c(c.fresh(), "--version").stdout)


def case_wrong_usage(c):
    for words in ([], ["load", "x"], ["all"], ["sessions"], ["all", "a", "b"], ["all", "--nonsense", "a"],
                  ["verify", "a", "b"]):
        done = c(c.fresh(), *words)
        equal((done.returncode, done.stdout), (2, ""))
        holds(done.stderr, "erleah-ingest: ", "usage: ")


def case_no_such_file(c):
    data = c.fresh()
    for path, why in ((data / "absent.json", "No such file"), (data, "holds none of sessions.csv"),
                      (c.file(""), "0 bytes")):
        done = c(data, "all", path)
        equal((done.returncode, done.stdout), (1, ""))
        holds(done.stderr, str(path), why)
        equal(done.stderr.count("\n"), 1)


def case_misspelt_setting(c):
    done = run([c.program, "all", EXAMPLE], c.env(c.fresh(), ERLEAH_STOER="sqlite"))
    equal(done.returncode, 2)
    holds(done.stderr, "ERLEAH_STOER", "ERLEAH_STORE")


# --- What is loaded -------------------------------------------------------------------------


def case_example(c):
    data = c.fresh()
    document = json.loads(EXAMPLE.read_text())
    done = c(data, "all", EXAMPLE)
    equal((done.returncode, done.stderr), (0, ""))
    equal(done.stdout, f"{document['conference']['name']}: {len(document['sessions'])} sessions, "
          f"{len(document['exhibitors'])} exhibitors, {len(document['speakers'])} speakers, "
          f"{len(document['conference']['info'])} information pages.\n" + BY_WORDS)
    done = c(data, "verify", document["conference"]["id"])
    equal((done.returncode, done.stdout, done.stderr), (0, EXACT, ""))


def case_smallest_of_the_page(c):
    page = (ROOT / "docs/data-format.md").read_text()
    document = re.search(r"^```json\n(.*?)^```$", page, re.M | re.S).group(1)
    done = c(c.fresh(), "all", c.file(document))
    equal((done.returncode, done.stderr), (0, ""))
    holds(done.stdout, "Canal Day 2027: 1 sessions, 1 exhibitors, 1 speakers, 1 information pages.")


def case_again(c):
    """The second file replaces the first one; another conference stays."""
    data = c.fresh()
    other = changed(conference=dict(SMALL["conference"], id="7c9e6679-7425-40de-944b-e07fc1f90ae7", name="Other"))
    c.load(data, SMALL)
    c.load(data, other)
    c.load(data, changed(sessions=[]))
    with Server(c, data) as server:
        equal(server.titles("locks", SMALL), [])
        equal(server.titles("locks", other), ["Locks and how to love them"])
    for document in (SMALL, other):
        equal(c(data, "verify", document["conference"]["id"]).stdout, EXACT)


def case_dry_run(c):
    data = c.fresh()
    c.load(data, SMALL)
    done = c(data, "all", "--dry-run", c.file(changed(sessions=[])))
    equal((done.returncode, done.stderr), (0, ""))
    holds(done.stdout, "Nothing written; it would be Canal Day 2027: 0 sessions", "\nsessions: 1 removed.\n")
    with Server(c, data) as server:
        equal(server.titles("locks"), ["Locks and how to love them"])


def case_nothing_changed(c):
    """Neither order nor form of a file makes it another one."""
    data = c.fresh()
    c.load(data, SMALL)
    files = sorted(p.name for p in index_files(data))
    same = json.dumps(dict(reversed(list(SMALL.items()))))
    for words in ([], ["--dry-run"]):
        done = c(data, "all", *words, c.file(same))
        equal((done.returncode, done.stderr), (0, ""))
        equal(done.stdout, "Canal Day 2027 is as it was, nothing written: 1 sessions, 1 exhibitors, 1 speakers, "
              "0 information pages.\n")
    equal(sorted(p.name for p in index_files(data)), files)


def case_one_kind(c):
    """The rest stays, whatever the file says of it."""
    data = c.fresh()
    c.load(data, SMALL)
    other = {
        "conference": dict(SMALL["conference"], name="Lock Day 2027", info={"wifi": "Network Canal."}),
        "sessions": [dict(SMALL["sessions"][0], title="Locks explained"), {"id": "s2", "title": "Locks again"}],
        "speakers": [{"id": "p2", "name": "Kees Lock"}],
        "exhibitors": [],
    }
    for kind, said in (("sessions", "sessions: 1 added, 1 changed.\n"),
                       ("speakers", "speakers: 1 added, 1 removed.\n"),
                       ("exhibitors", "exhibitors: 1 removed.\n"),
                       ("conference", "the conference's own data.\n")):
        done = c(data, kind, "--dry-run", c.file(other))
        equal((done.returncode, done.stderr), (0, ""))
        holds(done.stdout, "\n" + said)
        done = c(data, kind, c.file(other))
        equal((done.returncode, done.stderr), (0, ""))
        holds(done.stdout, "\n" + said)
        equal(c(data, "verify").stdout, EXACT)
    holds(done.stdout, "Lock Day 2027: 2 sessions, 0 exhibitors, 1 speakers, 1 information pages.")
    holds(c(data, "all", c.file(other)).stdout, "is as it was")


def case_one_kind_of_nothing(c):
    data = c.fresh()
    done = c(data, "sessions", c.file(SMALL))
    equal((done.returncode, done.stdout), (1, ""))
    equal(done.stderr, "conference.json: This conference is not there yet: load all of it first.\n"
          "Nothing was written.\n")


def case_one_kind_refused(c):
    """Faults in what is not read do not matter; others do."""
    data = c.fresh()
    c.load(data, SMALL)
    document = changed(sessions=[{"id": "s2"}], speakers=[{"id": "p9", "name": "New"}])
    equal(c(data, "speakers", c.file(document)).returncode, 0)
    done = c(data, "sessions", c.file(document))
    equal((done.returncode, done.stdout), (1, ""))
    holds(done.stderr, "title", "Nothing was written.")


def case_start_on(c):
    for day, first in (("2030-02-28", "2030-02-28"), ("today", None)):
        data = c.fresh()
        before = datetime.datetime.now(datetime.timezone.utc)
        equal(c(data, "all", "--quiet", "--start-on", day, c.file(SMALL)).returncode, 0)
        with Server(c, data) as server:
            start = server.search("locks")["results"][0]["start"]
            days = {first} if first else {str((before + datetime.timedelta(hours=h)).date()) for h in (1, 2, 3)}
            assert start[:10] in days, (start, days)
            equal(start[10:16], "T10:00")  # venue time, summer or winter


def case_start_on_no_day(c):
    for day in ("tomorrow", "2030-02-30", "28.2.2030"):
        done = c(c.fresh(), "all", "--start-on", day, c.file(SMALL))
        assert done.returncode in (1, 2), done
        holds(done.stderr, day)
        equal(done.stdout, "")


# --- What is refused ------------------------------------------------------------------------


def case_not_json(c):
    text = json.dumps(SMALL, indent=1)
    refused(c, text.replace('"Boathouse",', '"Boathouse"'), "conference.json:14: column 4: This is not valid JSON: ")
    refused(c, text[:-2], "not JSON")
    refused(c, text + "x", "not JSON")
    at = next(i for i, line in enumerate(text.splitlines(), 1) if '"p1"' in line)
    refused(c, text.replace('"p1"', "NaN"), f"conference.json:{at}: column 10: This is not valid JSON: ")
    refused(c, text.replace('"name": "Canal', '"name" "Canal'), "conference.json:4: column ", "not valid JSON")
    refused(c, "[]", "conference.json:1: ")
    refused(c, '{"sessions": []}', "conference.json:1: conference is absent")


def case_each_wrong_record_by_its_line(c):
    document = changed(
        sessions=[SMALL["sessions"][0], {"id": "s2"}],
        exhibitors=[{"id": "x1", "name": "Oar & Rope", "booth_number": 7.5}, "x2"])
    lines = json.dumps(document, indent=1).splitlines()
    said = refused(c, document, "Nothing was written.\n")
    for fault, what in (('"id": "s2"', "title"), ('"booth_number"', "booth_number"), ('"x2"', "object")):
        at = next(i for i, text in enumerate(lines, 1) if fault in text)
        found = [m for m in re.finditer(r"^conference\.json:(\d+): (.*)$", said, re.M) if what in m.group(2)]
        assert any(at - 3 <= int(m.group(1)) <= at for m in found), (fault, at, said)


def case_the_same_id_twice(c):
    refused(c, changed(sessions=[SMALL["sessions"][0], {"id": "s1", "title": "Twice"}]), "conference.json", "s1")


def case_many_wrong_records(c):
    said = refused(c, changed(sessions=[{"id": f"s{i}"} for i in range(80)]), "80 errors in all.")
    equal(len(re.findall(r"^conference\.json:\d+: ", said, re.M)), 50)


def case_first_load_refused(c):
    data = c.fresh()
    equal(c(data, "all", c.file(changed(sessions=[{"id": "s2"}]))).returncode, 1)
    done = c(data, "verify")
    assert done.returncode != 0, done
    holds(done.stderr, "onference")


# --- Seen while it works --------------------------------------------------------------------


def case_progress(c):
    with Terminal([c.program, "all", EXAMPLE], c.env(c.fresh())) as terminal:
        terminal.expect(r"reading.*\d+ ?%")
        terminal.expect(r"Tidewater 2027: \d+ sessions")
        equal(terminal.status(), 0)
    with Terminal([c.program, "all", "--quiet", EXAMPLE], c.env(c.fresh())) as terminal:
        equal((terminal.status(), terminal.shown), (0, ""))


# --- Beside a running server ----------------------------------------------------------------


class Server:
    def __init__(self, c, data, **settings):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.log = data / "server.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([c.server], env=c.env(data, PORT=port, **settings), stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log)
        end = time.monotonic() + 60
        while not self.healthy():
            assert self.process.poll() is None and time.monotonic() < end, self.log.read_text()
            time.sleep(0.05)

    def healthy(self):
        try:
            with urllib.request.urlopen(self.url + "/health", timeout=10) as answer:
                return answer.status == 200
        except (urllib.error.URLError, ConnectionError):
            return False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        equal(stop(self.process), 0)

    def search(self, words, document=SMALL):
        query = urllib.parse.urlencode({"conference_id": document["conference"]["id"], "q": words})
        with urllib.request.urlopen(f"{self.url}/api/search?{query}", timeout=60) as answer:
            return json.load(answer)

    def ready(self):
        with urllib.request.urlopen(f"{self.url}/health/ready", timeout=60) as answer:
            return json.load(answer)

    def titles(self, words, document=SMALL):
        return [r["name"] for r in self.search(words, document)["results"]]


def case_switch_under_a_running_server(c):
    """Every question is answered from one whole version or the other, and soon from the last one."""
    versions = [changed(sessions=[dict(SMALL["sessions"][0], title=f"Locks {word}", id=f"s{i}-{word}")
                                  for i in range(20)]) for word in ("upstream", "downstream")]
    data = c.fresh()
    c.load(data, versions[0])
    seen, mixed, over = set(), [], threading.Event()

    def ask(server):
        while not over.is_set():
            names = frozenset(server.titles("locks"))
            seen.add(names)
            if len(names) != 1:
                mixed.append(names)

    with Server(c, data) as server:
        asking = threading.Thread(target=ask, args=(server,))
        asking.start()
        try:
            for version in (1, 0, 1, 0, 1):
                c.load(data, versions[version])
                wanted = {versions[version]["sessions"][0]["title"]}
                end = time.monotonic() + 20
                while set(server.titles("locks")) != wanted:
                    assert time.monotonic() < end, "the server stays on the old version"
                    time.sleep(0.1)
        finally:
            over.set()
            asking.join()
        equal(mixed, [])
        equal(len(seen), 2)
    equal(c(data, "verify").stdout, EXACT)


def case_killed_in_the_middle(c):
    """Whenever it dies, the old version or the new one is there, whole."""
    data = c.fresh()
    equal(c(data, "all", "--quiet", EXAMPLE).returncode, 0)
    for pause_ms in (0, 5, 10, 20, 40, 80, 160):
        process = subprocess.Popen([c.program, "all", "--quiet", EXAMPLE], env=c.env(data), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(pause_ms / 1000)
        process.kill()
        process.wait()
        done = c(data, "verify")
        equal((done.returncode, done.stdout, done.stderr), (0, EXACT, ""))
    equal(c(data, "all", "--quiet", EXAMPLE).returncode, 0)
    left = sorted(p.name for p in data.rglob("*") if "index" in p.name)
    assert len(left) <= 3, left  # what the dead ones left is cleared away


def index_files(data):
    found = [p for p in data.rglob("index.*") if p.is_file()]
    assert found, list(data.rglob("*"))
    return found


def case_index_lost(c):
    """It is built again from the store's records."""
    data = c.fresh()
    c.load(data, SMALL)
    for path in index_files(data):
        path.unlink()
    done = c(data, "verify")
    equal((done.returncode, done.stdout), (0, EXACT))
    index_files(data)


def case_index_damaged(c):
    """It is built again, too."""
    data = c.fresh()
    c.load(data, SMALL)
    for path in index_files(data):
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    done = c(data, "verify")
    equal((done.returncode, done.stdout), (0, EXACT))
    index_files(data)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--ingest", type=pathlib.Path, required=True)
    parser.add_argument("--server", type=pathlib.Path, required=True)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="erleah-ingest-") as folder:
        sys.exit(main(globals(), Context(args.ingest.resolve(), args.server.resolve(), pathlib.Path(folder))))
