#!/usr/bin/env python3
"""Runs the real server on a free port and checks what the contract and docs/api.md promise.

    test_http.py --server build/server/erleah-server --ingest build/ingest/erleah-ingest [name...]

Prints `ok name` or `FAILED name` for every case, and `N passed, N failed` at the end.
"""
import argparse
import json
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import cases_chat  # noqa: E402
import cases_http  # noqa: E402
import cases_life  # noqa: E402
import cases_realtime  # noqa: E402
import cases_rows  # noqa: E402
from harness import ROOT, Server, Visitor, expect, plain_environment  # noqa: E402

MODULES = (cases_http, cases_rows, cases_chat, cases_realtime, cases_life)

OTHER = {
    "conference": {"id": "7d3bb2c4-1f0c-4a55-8c61-0d2a64f7a001", "name": "Other Days 2027", "timezone": "Europe/Berlin",
                   "start_date": "2027-05-20", "end_date": "2027-05-21", "info": {"wifi": "Network OTHER."}},
    "sessions": [{"id": "o1", "title": "Water for others", "start_time": "2027-05-20T10:00:00+02:00",
                  "end_time": "2027-05-20T11:00:00+02:00", "location": "Room O", "speaker_ids": ["p1"]}],
    "speakers": [{"id": "p1", "name": "Otto Other"}],
    "exhibitors": [],
}


class World:
    """What all cases share: data with two conferences, a server, and one whose answers take their time."""

    def __init__(self, options):
        self.options = options
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="erleah-http-"))
        self.records = json.loads(pathlib.Path(options.conference).read_text(encoding="utf-8"))
        self.conference = self.records["conference"]["id"]
        self.other_conference = OTHER["conference"]["id"]
        other = self.folder / "other.json"
        other.write_text(json.dumps(OTHER), encoding="utf-8")
        self.prepared = self.folder / "prepared"
        self.prepared.mkdir()
        for file in (options.conference, other):
            self.ingest(self.prepared, file)
        self.data = self.fresh_data()
        self.started = []
        self.server = self.slow_server = None

    def ingest(self, data, file):
        ended = subprocess.run([self.options.ingest, "all", str(file)], capture_output=True, text=True, timeout=120,
                               env=dict(plain_environment(), ERLEAH_DATA=str(data)), stdin=subprocess.DEVNULL)
        expect(ended.returncode == 0, f"ingest: {ended.stdout}{ended.stderr}")

    def fresh_data(self):
        data = pathlib.Path(tempfile.mkdtemp(prefix="data-", dir=self.folder))
        shutil.copytree(self.prepared, data, dirs_exist_ok=True)
        return data

    def start(self):
        self.server = self.new_server()
        self.slow_server = self.new_server(COMPOSER_PACE_MS=30)

    def new_server(self, **settings):
        """On the data that all share; who starts it ends it."""
        server = Server(self.options, self.data, **settings)
        self.started.append(server)
        return server

    def visitor(self, server=None, headers=None):
        server = server or self.server
        if not headers:
            return Visitor(server, self.conference)
        return VisitorFrom(server, self.conference, headers)

    def slow_visitor(self):
        return Visitor(self.slow_server, self.conference)

    def end(self):
        problems = []
        for server in (self.server, self.slow_server):
            try:
                if server:
                    server.stop()
            except AssertionError as problem:
                problems.append(str(problem))
        for server in self.started:
            if server.process.poll() is None:
                server.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
        return problems


class VisitorFrom(Visitor):
    """A visitor whose requests name where they come from."""

    def __init__(self, server, conference, headers):
        class Via:
            def post(self, path, body, **more):
                return server.post(path, body, headers=headers)
        super().__init__(Via(), conference)


def cases():
    for module in MODULES:
        area = module.__name__.split("_")[1]
        for name, function in vars(module).items():
            if name.startswith("test_"):
                yield f"{area}.{name[5:]}", function


def run_case(world, name, function):
    begin = time.monotonic()
    try:
        function(world)
    except Exception as problem:  # noqa: BLE001
        where = traceback.extract_tb(problem.__traceback__)
        lines = " < ".join(f"{pathlib.Path(f.filename).name}:{f.lineno}" for f in reversed(where))
        print(f"FAILED {name}: {type(problem).__name__}: {problem}\n    {lines}", flush=True)
        return False
    print(f"ok {name} ({time.monotonic() - begin:.1f} s)", flush=True)
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", required=True)
    parser.add_argument("--ingest", required=True)
    parser.add_argument("--conference", default=str(ROOT / "examples" / "conference" / "conference.json"))
    parser.add_argument("--sanitized", action="store_true", help="memory and time are not what they are elsewhere")
    parser.add_argument("names", nargs="*", help="only cases whose name contains one of these")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    world = World(options)
    passed = failed = 0
    try:
        world.start()
        for name, function in cases():
            if options.names and not any(wanted in name for wanted in options.names):
                continue
            if run_case(world, name, function):
                passed += 1
            else:
                failed += 1
    finally:
        for problem in world.end():
            print(f"FAILED the end of a server: {problem}")
            failed += 1
    print(f"{passed} passed, {failed} failed", flush=True)
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
