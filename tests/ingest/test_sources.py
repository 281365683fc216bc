#!/usr/bin/env python3
"""Other people's formats: what erleah-ingest makes of them, what it refuses and how, end to end.

usage: test_sources.py --ingest PROGRAM --cli PROGRAM --print PROGRAM

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
SAMPLES = ROOT / "tests/ingest/samples"
sys.path.insert(0, str(ROOT / "tests/support"))
from harness import environment, equal, holds, lacks, main, run  # noqa: E402

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
        equal(len([line for line in lines if line != "Nothing was written."]), 1)
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


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--ingest", type=pathlib.Path, required=True)
    parser.add_argument("--cli", type=pathlib.Path)
    parser.add_argument("--print", type=pathlib.Path, required=True)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="erleah-sources-") as folder:
        sys.exit(main(globals(), Context(args, pathlib.Path(folder))))
