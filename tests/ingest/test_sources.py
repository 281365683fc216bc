#!/usr/bin/env python3
"""Other people's formats: what erleah-ingest makes of them, what it refuses and how, end to end.

usage: test_sources.py --ingest PROGRAM --cli PROGRAM --print PROGRAM

ERLEAH_ROUND_TRIP names a further conference (normalised JSON) for the round trip through schedule XML.

The samples are written for these tests, with the quirks of real ones.  samples/expected holds what becomes of them;
after a change that is meant, `REWRITE=1` writes it anew.
"""
import argparse
import json
import os
import pathlib
import shutil
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples/conference/conference.json"
SAMPLES = ROOT / "tests/ingest/samples"
sys.path.insert(0, str(ROOT / "tests/support"))
from harness import environment, equal, holds, lacks, main, run  # noqa: E402
from to_schedule_xml import schedule_xml  # noqa: E402

EXACT = "The index holds exactly the store's records.\n"
RURY = ["--name", "Rury 2027", "--timezone", "Europe/Warsaw"]
KILN = ["--name", "Kiln", "--timezone", "Europe/Lisbon", "--start-date", "2027-06-11", "--end-date", "2027-06-12"]
# name of the expected file, options, source
SOURCES = [
    ("schedule", [], "schedule.xml"),
    ("pretalx-schedule", [], "pretalx-schedule.json"),
    ("pretalx-talks", KILN, "pretalx-talks.json"),
    ("pretalx-speakers", KILN, "pretalx-speakers.json"),
    ("sessionize", RURY, "sessionize.json"),
    ("canal", [], "canal"),
]


class Context:
    def __init__(self, args, folder):
        self.ingest = args.ingest.resolve()
        self.cli = args.cli.resolve() if args.cli else None
        self.printer = args.print.resolve()
        self.folder = folder

    def fresh(self):
        return pathlib.Path(tempfile.mkdtemp(prefix="data-", dir=self.folder))

    def env(self, data):
        return environment(self.folder, ERLEAH_DATA=data)

    def __call__(self, data, *words):
        return run([self.ingest, *words], self.env(data))

    def normalised(self, *words):
        """What becomes of a source before it is checked; and the warnings."""
        done = run([self.printer, "all", *words], self.env(self.folder))
        equal(done.returncode, 0)
        return json.loads(done.stdout), done.stderr

    def file(self, name, content):
        path = pathlib.Path(tempfile.mkdtemp(prefix="file-", dir=self.folder)) / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def refused(self, path, *sentences, options=(), status=1):
        """One sentence, nothing written."""
        data = self.fresh()
        done = self(data, "all", *options, path)
        equal((done.returncode, done.stdout), (status, ""))
        holds(done.stderr, *sentences)
        lines = [line for line in done.stderr.splitlines() if "warning" not in line]
        equal([line for line in lines if line != "Nothing was written."][1:], [])
        equal([p for p in data.rglob("*") if "index" in p.name], [])
        return done.stderr


def sample(name):
    return (SAMPLES / name).read_text()


# --- What becomes of a source -----------------------------------------------------------------


def case_expected(c):
    for name, options, source in SOURCES:
        got, warnings = c.normalised(*options, SAMPLES / source)
        path = SAMPLES / "expected" / f"{name}.json"
        if os.environ.get("REWRITE"):
            path.write_text(json.dumps({"normalised": got, "warnings": warnings.splitlines()}, indent=1,
                                       ensure_ascii=False) + "\n")
        expected = json.loads(path.read_text())
        equal(got, expected["normalised"])
        equal(warnings.splitlines(), expected["warnings"])


def case_a_second_run_is_the_same(c):
    for _, options, source in SOURCES:
        equal(c.normalised(*options, SAMPLES / source), c.normalised(*options, SAMPLES / source))


def case_the_content_says_the_format(c):
    """Whatever the file is called."""
    for name, options, source in SOURCES:
        if (SAMPLES / source).is_dir():
            continue
        path = c.file("download", (SAMPLES / source).read_bytes())
        got, _ = c.normalised(*options, path)
        equal(got, json.loads((SAMPLES / "expected" / f"{name}.json").read_text())["normalised"])


def by_id(records):
    return {r["id"]: r for r in records}


def same_words(got, wanted, key):
    """Blanks and empty lines apart."""
    equal(" ".join(got.get(key, "").split()), " ".join(wanted.get(key, "").split()))


def round_trip(c, path, with_date):
    document = json.loads(pathlib.Path(path).read_text())
    scheduled = [s for s in document["sessions"] if "start_time" in s]
    document["sessions"] = scheduled
    got, _ = c.normalised(c.file("schedule.xml", schedule_xml(document, with_date)))
    sessions, speakers = by_id(got["sessions"]), by_id(got["speakers"])
    equal(len(got["sessions"]), len(scheduled))
    for wanted in scheduled:
        session = sessions[wanted["id"]]
        for key in ("title", "subtitle", "location", "track", "session_type", "language", "url", "description"):
            same_words(session, wanted, key)
        for key in ("start_time", "end_time"):
            length = 25 if with_date else 19  # without dates the offset is the library's to find
            equal(session.get(key, "")[:length], wanted.get(key, "")[:length])
        equal(session["speaker_ids"], wanted.get("speaker_ids", []))
    spoken = {i for s in scheduled for i in s.get("speaker_ids", [])}
    equal({i: s["name"] for i, s in speakers.items()},
          {s["id"]: s["name"] for s in document["speakers"] if s["id"] in spoken})
    for key in ("name", "timezone", "start_date", "end_date"):
        equal(got["conference"][key], document["conference"][key])


def case_round_trip(c):
    """A whole conference, written as schedule XML and read again, is the same."""
    for path in (EXAMPLE, os.environ.get("ERLEAH_ROUND_TRIP")):
        for with_date in (True, False):
            if path:
                round_trip(c, path, with_date)


# --- What is refused ---------------------------------------------------------------------------


def case_options_say_what_a_source_does_not(c):
    """What is missing is named with the way to give it; options win over files, files over the source."""
    text = c.refused(SAMPLES / "sessionize.json", "sessionize.json: the conference's name, time zone cannot be read",
                     "--name \"Canal Day 2027\" --timezone Europe/Amsterdam", "--conference-info FILE")
    lacks(text, "first day", "start-date")
    for name, content in (("facts.ini", "; comment\n[conference]\nname = Rury\ntime zone=Europe/Warsaw\n\nvenue = Most"),
                          ("facts.csv", "name,timezone,venue\nRury,Europe/Warsaw,Most\n"),
                          ("pairs.csv", "field,value\nname,Rury\nTimezone,Europe/Warsaw\nvenue,Most\n"),
                          ("facts.json", '{"conference": {"name": "Rury", "timezone": "Europe/Warsaw", "venue": "Most"}}')):
        info = c.file(name, content)
        got, _ = c.normalised("--conference-info", info, "--venue", "Tama", SAMPLES / "sessionize.json")
        equal([got["conference"][k] for k in ("name", "timezone", "venue", "start_date")],
              ["Rury", "Europe/Warsaw", "Tama", "2027-10-04"])
    got, _ = c.normalised("--id", "0d9c1bdc-6c4a-5d0f-8a43-4f3a2b1f7f10", "--name", "Damm", SAMPLES / "schedule.xml")
    equal((got["conference"]["id"], got["conference"]["name"], got["conference"]["city"]),
          ("0d9c1bdc-6c4a-5d0f-8a43-4f3a2b1f7f10", "Damm", "Emden"))
    got, _ = c.normalised("--city", "Hamburg", EXAMPLE)
    document = json.loads(EXAMPLE.read_text())
    document["conference"]["city"] = "Hamburg"
    equal(got["conference"], document["conference"])
    equal(got["sessions"], document["sessions"])


def case_wrong_conference_info(c):
    source = SAMPLES / "sessionize.json"
    for name, content, sentence in (
            ("f.ini", "name = x\nshoe size = 4\n", 'f.ini:2: "shoe size " is not known of a conference'),
            ("f.ini", "name\n", "f.ini:1: accepted are lines such as"),
            ("f.csv", "name,shoe\nx,4\n", 'f.csv:1: "shoe" is not known'),
            ("f.csv", "name\n\"x\n", "f.csv:2: a quote is opened here"),
            ("f.json", '{"name": }', "f.json:1: this is no JSON object"),
            ("f.ini", b"name = \xe4\n", "f.ini:1: this is not UTF-8")):
        c.refused(source, sentence, options=["--conference-info", c.file(name, content)])
    c.refused(source, "Europe/Warschau", options=["--name", "x", "--timezone", "Europe/Warschau"])
    c.refused(source, "absent.ini cannot be read: No such file", options=["--conference-info", "absent.ini"])


def case_format(c):
    done = c(c.fresh(), "all", "--format", "ical", SAMPLES / "schedule.xml")
    equal((done.returncode, done.stdout), (2, ""))
    holds(done.stderr, "--format takes json, csv, schedule-xml, pretalx or sessionize, not ical")
    c.refused(SAMPLES / "schedule.xml", "schedule.xml:1: column 1: this is not JSON: expected { or [.", options=["--format", "pretalx"])
    c.refused(SAMPLES / "sessionize.json", "this is not of pretalx", options=["--format", "pretalx"])
    c.refused(SAMPLES / "pretalx-talks.json", "this is not of Sessionize", options=["--format", "sessionize"])
    c.refused(SAMPLES / "sessionize.json", "this is not XML", options=["--format", "schedule-xml"])
    c.refused(c.file("notes.txt", "hello"), "notes.txt:1: this is none of the formats that can be read")
    c.refused(c.file("x.csv", "title\nOne\n"), "x.csv:1: a CSV file holds one kind of record")


def case_broken_xml(c):
    whole = sample("schedule.xml")
    for text, sentence in (
            (whole[:2000], "this is not XML: no element found"),
            (whole.replace("</title>", "</titel>", 1), "schedule.xml:8: column 35: this is not XML: mismatched tag."),
            (whole.replace("Emden", "Emden \x01"), "this is not XML: not well-formed"),
            ("<html><p>Not found</p></html>", "this is no schedule: its first element is not <schedule>"),
            ("<?xml version='1.0'?>\n<schedule>" + "<a>" * 40, "schedule.xml:2: elements are nested more than 32 deep."),
            ("<schedule><conference><title>" + "x" * (1 << 20) + "x", "an element holds more than 1 MiB of text")):
        c.refused(c.file("schedule.xml", text), sentence)
    bad = whole.encode().replace("Große".encode(), b"Gro\xdfe")
    c.refused(c.file("schedule.xml", bad), "this is not XML: not well-formed")


def case_other_encodings(c):
    expected = json.loads((SAMPLES / "expected/schedule.json").read_text())["normalised"]
    utf16 = sample("schedule.xml").replace('encoding="utf-8"', 'encoding="utf-16"').encode("utf-16")
    got, _ = c.normalised(c.file("schedule.xml", utf16))
    equal(got, expected)
    latin = "<?xml version='1.0' encoding='iso-8859-1'?>" + schedule_xml(json.loads(EXAMPLE.read_text()), True)[38:]
    got, _ = c.normalised(c.file("latin.xml", latin.encode("latin-1", "xmlcharrefreplace")))
    want, _ = c.normalised(c.file("utf8.xml", schedule_xml(json.loads(EXAMPLE.read_text()), True)))
    equal(got, want)
    c.refused(c.file("x.xml", "<?xml version='1.0' encoding='ebcdic-42'?><schedule/>"), "unknown encoding")


def case_entities(c):
    """Small files that would grow large, and files that name others."""
    laughs = "".join(f'<!ENTITY l{i} "{"&l%d;" % (i - 1) * 10}">' for i in range(1, 10))
    for doctype in (f'<!DOCTYPE schedule [<!ENTITY l0 "ha">{laughs}]>',
                    '<!DOCTYPE schedule [<!ENTITY l9 SYSTEM "file:///etc/passwd">]>',
                    '<!DOCTYPE schedule [<!ENTITY % l9 SYSTEM "file:///etc/passwd"> %l9;]>'):
        text = f"<?xml version='1.0'?>\n{doctype}<schedule><conference><title>&l9;</title></conference></schedule>"
        c.refused(c.file("s.xml", text), "s.xml:2: the file declares entities, which are not read.")


def case_broken_json(c):
    for name, options in (("pretalx-schedule.json", []), ("pretalx-talks.json", KILN), ("sessionize.json", RURY)):
        whole = sample(name)
        c.refused(c.file(name, whole[:len(whole) // 2]), f"{name}:", "this is not JSON: expected",
                  options=[*options, "--format", name.split("-")[0].split(".")[0]])
        c.refused(c.file(name, whole.encode().replace(b"2027", b"20\xff7", 1)), "this is not UTF-8.", options=options)
    for text, sentence in (
            ('{"schedule": {"conference": {"title": "x"}}}', "s.json:1: this schedule has no conference with days"),
            ('{"schedule": {"conference": {"days":\n 7}}}', "s.json:2: days is no list."),
            ('{"schedule": {"conference": {"days": [\n{"rooms":\n []}]}}}', "s.json:3: rooms is no object of lists."),
            ('{"schedule": {"conference": {"days": [{"rooms": {"A":\n 1}}]}}}', "s.json:2: a room's events is no list."),
            ('{"schedule": {"conference": {"days": [{"rooms": {"A": [\n1]}}]}}}',
             "s.json:2: an entry of a room's events is no JSON object."),
            ('{"results": 1}', "s.json:1: results is no list."),
            ('{"sessions": [{"startsAt":\n "soon"}], "rooms": []}', 's.json:1: a session\'s time is "soon"'),
            ('{"sessions": "none", "rooms": []}', "s.json:1: sessions is no list.")):
        c.refused(c.file("s.json", text), sentence, options=RURY)


def case_wrong_types_are_absent(c):
    """Members of another type than expected are unknown, not an error of ours."""
    events = [{"guid": "g1", "title": "T", "date": 7, "start": [], "duration": {}, "persons": {"a": 1}, "track": 4, "room": [],
               "abstract": 3.5, "description": False, "language": None, "url": {}, "subtitle": 9}]
    schedule = {"schedule": {"conference": {"title": "X", "acronym": 4, "rooms": [3, None, {"name": 2}], "start": "2027-01-01",
                                            "end": "2027-01-01", "time_zone_name": "Europe/Berlin",
                                            "days": [{"date": 5, "rooms": {"A": events}}]}}}
    got, _ = c.normalised(c.file("s.json", json.dumps(schedule)))
    equal(got["sessions"], [{"id": "g1", "title": "T", "location": "A", "speaker_ids": []}])
    view = {"sessions": [{"id": 5, "title": "T", "speakers": 1, "roomId": {}, "categoryItems": [None, "x", {}]}],
            "speakers": [{"id": "p", "fullName": "P", "links": [1, {}], "bio": 3}], "rooms": [{"id": None, "name": "R"}],
            "categories": [{"title": 1, "items": [1]}, {"title": "Track", "items": 3}]}
    got, _ = c.normalised(*RURY, "--start-date", "2027-01-01", "--end-date", "2027-01-01", c.file("s.json", json.dumps(view)))
    equal(got["sessions"], [{"id": "5", "title": "T", "speaker_ids": []}])
    equal(got["speakers"], [{"id": "p", "name": "P"}])


def tables(c, **files):
    path = c.fresh()
    for name, content in {"conference": "name = X\ntimezone = Europe/Amsterdam\nstart date = 2027-09-04\n"
                                        "end date = 2027-09-04\n", **files}.items():
        ending = ".ini" if name == "conference" else ".csv"
        (path / (name + ending)).write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def case_broken_csv(c):
    for text, sentence in (
            ("title,start\nOne,2027-09-04 10:00\nTwo,half past nine\n",
             'sessions.csv:3: column "start": "half past nine" is not what is accepted: a time such as 2027-05-20 09:30'),
            ("title,Start\nOne,10:00\n", 'column "Start": "10:00" is not what is accepted: with a time of day alone, a column'),
            ("title,date,start\nOne,4/9/2027,10:00\n", 'sessions.csv:2: column "date": "4/9/2027"'),
            ("title,date,start\nOne,2027-02-30,10:00\n", 'column "date": "2027-02-30"'),
            ("title,start,duration\nOne,2027-09-04 10:00,long\n", 'column "duration": "long" is not what is accepted: minutes'),
            ("title,room\n,Hall\n", "sessions.csv:2: title is absent in this row."),
            ('title,room\n"One,Hall\nTwo,Hall\n', "sessions.csv:2: a quote is opened here and never closed."),
            ('title,room\n"One"x,Hall\n', "sessions.csv:2: text follows a cell's closing quote"),
            ("room,start\nHall,10:00\n", 'sessions.csv:1: the first row names no column "title"'),
            ("title,room\nOne,Hall,and more\n", "sessions.csv:2: this row has 3 cells, the first row has 2 names"),
            ("title\n" + "x" * ((1 << 20) + 5) + "\n", "sessions.csv:2: a cell holds more than 1 MiB."),
            ('title\n\n"' + "x" * ((1 << 20) + 5) + '"\n', "sessions.csv:3: a cell holds more than 1 MiB."),
            ("title" + "," * 300 + "\n", "sessions.csv:1: a row has more than 256 cells."),
            ("title\nA\0B\n", "sessions.csv:2: a cell holds a NUL."),
            (b"title\n\nGr\xfc\xdfe\n", 'sessions.csv:3: this is not UTF-8; save the table as "CSV UTF-8".'),
            ("title,start,end\n\nOne,2027-09-04 10:00,2027-09-04 09:00\n", "sessions.csv:3: session \"One\": end_time is"),
            ("id,title\nx,One\nx,Two\n", 'two sessions have the id "x"')):
        text = c.refused(tables(c, sessions=text), sentence)
        lacks(text, "\0")
    c.refused(tables(c), "holds none of sessions.csv, exhibitors.csv and speakers.csv")
    c.refused(tables(c, speakers="name\nA\n", info="key,text\nwifi,\n"), "info.csv:2: a page has a key or a title, and a text.")
    c.refused(tables(c, speakers="name\nA\n", info="a,b\n1,2\n"), "info.csv:1: the first row names the columns key, title and text.")


def case_library_errors_name_the_source(c):
    """The same checks as for the normalised form, placed in the file that people know."""
    text = sample("schedule.xml").replace("Unnumbered people", "x" * 501)
    c.refused(c.file("schedule.xml", text), "schedule.xml:81: session", "title is", "up to 500 characters")
    text = sample("sessionize.json").replace('"title": "Lunch"', '"title": null')
    c.refused(c.file("s.json", text), "s.json:10: session", "title is absent", options=RURY)


# --- End to end ----------------------------------------------------------------------------------


def case_loaded_and_found(c):
    """What a visitor asks for is found, from every source; a second load changes nothing."""
    for options, source, words, name in (
            ([], "schedule.xml", "antje muller", "Antje Müller-Šimić"),
            ([], "schedule.xml", "night pumps", "Night of the <pumps>"),
            ([], "pretalx-schedule.json", "tin glazes", "Tin glazes without tears"),
            (RURY, "sessionize.json", "back-pressure queues", "Queues that drain"),
            ([], "canal", "ropes", "Oar & Rope")):
        data = c.fresh()
        done = c(data, "all", *options, SAMPLES / source)
        equal(done.returncode, 0)
        holds(done.stdout, " sessions, ")
        equal(c(data, "verify").stdout, EXACT)
        again = c(data, "all", *options, SAMPLES / source)
        equal((again.returncode, again.stderr), (0, done.stderr))
        holds(again.stdout, " is as it was, nothing written: ")
        if c.cli:
            found = run([c.cli, "search", "--json", words], c.env(data))
            equal(found.returncode, 0)
            equal(json.loads(found.stdout)["results"][0]["name"], name)


def case_one_table_alone(c):
    """Sessions of a table, by speakers' names, into a conference that is there; everything else stays."""
    data = c.fresh()
    equal(c(data, "all", "--quiet", SAMPLES / "canal").returncode, 0)
    table = c.file("new.csv", "title,speaker,start\nNew locks,Joke de Wit; Somebody Else,2027-09-04 15:00\n")
    done = c(data, "sessions", table)
    equal(done.returncode, 0)
    holds(done.stdout, "Canal Day 2027: 1 sessions, 2 exhibitors, 2 speakers, 2 information pages.")
    equal(c(data, "verify").stdout, EXACT)
    done = c(data, "sessions", "--dry-run", SAMPLES / "schedule.xml")
    equal(done.returncode, 0)
    holds(done.stdout, "6 sessions, 2 exhibitors, 2 speakers")
    for command, path, sentence in (("speakers", c.file("x.csv", "room\nHall\n"), 'x.csv:1: the first row names no column "name"'),
                                    ("exhibitors", SAMPLES / "pretalx-talks.json", "pretalx has no exhibitors"),
                                    ("sessions", c.file("x.csv", "title,start\nOne,soon\n"), 'x.csv:2: column "start": "soon"')):
        done = c(data, command, path)
        equal((done.returncode, done.stdout), (1, ""))
        holds(done.stderr, sentence)
    if c.cli:
        for question, name in (("Who speaks at New locks?", "Joke de Wit"), ("Who sells ropes?", "Oar & Rope")):
            answer = run([c.cli, "ask", question], c.env(data))
            equal(answer.returncode, 0)
            holds(answer.stdout, name)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--ingest", type=pathlib.Path, required=True)
    parser.add_argument("--cli", type=pathlib.Path)
    parser.add_argument("--print", type=pathlib.Path, required=True)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="erleah-sources-") as folder:
        sys.exit(main(globals(), Context(args, pathlib.Path(folder))))
