#!/usr/bin/env python3
"""erleah-ingest with the model: what is embedded, what is not again, and what is left when it is killed.

usage: test_embedding.py --ingest PROGRAM --server PROGRAM

Needs the weights (script/fetch-weights): without them it fails.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from test_ingest import EXACT, Context, Server, environment, equal, holds, lacks, main  # noqa: E402

LIMIT_S = 240
WORDS = """water lock gate barge pump sluice towpath bridge harbour engine rope oar keeper ferry dredger quay
mooring tide basin culvert weir paddle balance beam lantern chandler cargo timber coal grain mill wheel""".split()


def weights():
    kept = pathlib.Path(os.environ.get("ERLEAH_CACHE_DIR", pathlib.Path.home() / ".cache/erleah"))
    path = pathlib.Path(os.environ.get("ERLEAH_WEIGHTS", kept / "weights/all-MiniLM-L6-v2/model.safetensors"))
    assert path.exists(), f"{path} is missing: run script/fetch-weights"
    return path


class Meaning(Context):
    """As Context, with the model; words=True: without."""

    def env(self, data, words=False, **settings):
        if not words:
            settings = {"ERLEAH_EMBEDDER": "minilm", "ERLEAH_WEIGHTS": weights(), **settings}
        return environment(self.folder, ERLEAH_DATA=data, **settings)


def conference(n):
    """n sessions of some length, each with its speaker, and an exhibitor."""
    def text(i, words):
        return " ".join(WORDS[(i * 7 + k * (1 + i % 5)) % len(WORDS)] + (f" {i}" if k % 9 == 0 else "")
                        for k in range(words))
    return {
        "conference": {"id": "0d9c1bdc-6c4a-5d0f-8a43-4f3a2b1f7f10", "name": "Canal Day 2027",
                       "timezone": "Europe/Amsterdam", "start_date": "2027-09-04", "end_date": "2027-09-04"},
        "sessions": [{"id": f"s{i}", "title": f"Session {i} on {text(i, 3)}", "speaker_ids": [f"p{i}"],
                      "description": f"{text(i, 90).capitalize()}. You will learn {text(i + 1, 12)}."}
                     for i in range(n)],
        "speakers": [{"id": f"p{i}", "name": f"Speaker Number{i}", "bio": f"Expert in {text(i + 3, 20)}."}
                     for i in range(n)],
        "exhibitors": [{"id": "x1", "name": "Oar & Rope", "products": ["oars", "rope"]}],
    }


def counts(text):
    """texts, embedded, reused: as the summary says."""
    found = re.search(r"^(\d+) texts: (\d+) (?:embedded|to embed).*?, (\d+) reused; all-MiniLM-L6-v2\.$", text, re.M)
    assert found, text
    texts, embedded, reused = map(int, found.groups())
    equal(embedded + reused, texts)
    return texts, embedded, reused


def besides(stderr):
    """What was said on standard error, but for how far it was."""
    return re.sub(r"^Embedding: \d+ of \d+ texts.*\n", "", stderr, flags=re.M)


def load(c, data, document, *words):
    done = c(data, "all", *words, c.file(document))
    equal((done.returncode, besides(done.stderr)), (0, ""))
    return done.stdout


def case_second_run_embeds_nothing(c):
    data, document = c.fresh(), conference(6)
    texts, embedded, _ = counts(load(c, data, document))
    equal(embedded, texts)
    assert texts > 30
    equal(c(data, "verify").stdout, EXACT)
    said = load(c, data, document)
    holds(said, "is as it was, nothing written")
    # another day, the same texts: nothing to embed, and yet another programme
    said = load(c, data, document, "--start-on", "2028-01-01")
    equal(counts(said), (texts, 0, texts))
    holds(said, "the conference's own data.")
    equal(c(data, "verify").stdout, EXACT)


def case_changed_record(c):
    data, document = c.fresh(), conference(6)
    texts = counts(load(c, data, document))[0]
    document["sessions"][2]["title"] = "Harbour lights"
    # its master and topic, its speaker's master and topics
    for words in (["--dry-run"], []):
        said = load(c, data, document, *words)
        equal(counts(said), (texts, 4, texts - 4))
        holds(said, "\nsessions: 1 changed.\n")
    equal(c(data, "verify").stdout, EXACT)


def case_removed_record(c):
    data, document = c.fresh(), conference(6)
    load(c, data, document)
    del document["sessions"][2]
    said = load(c, data, document)
    texts, embedded, _ = counts(said)
    assert embedded <= 2, said  # of its speaker, who speaks of nothing now
    holds(said, "\nsessions: 1 removed.\n")
    equal(c(data, "verify").stdout, EXACT)
    with Server(c, data) as server:
        lacks(json.dumps(server.search("Session 2 on")), '"s2"')


def case_one_kind(c):
    data, document = c.fresh(), conference(6)
    texts = counts(load(c, data, document))[0]
    other = conference(5)
    other["exhibitors"] = [{"id": "x1", "name": "Oar & Rope", "products": ["lanterns"]}]
    done = c(data, "exhibitors", c.file(other))
    equal((done.returncode, done.stderr), (0, ""))
    equal(counts(done.stdout), (texts, 2, texts - 2))
    equal(c(data, "verify").stdout, EXACT)


# --- Interrupted --------------------------------------------------------------------------


def start(c, data, document):
    """The program in the middle of embedding: some is staged, and not all."""
    process = subprocess.Popen([str(c.program), "all", str(c.file(document))], env=c.env(data),
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + LIMIT_S
    while sum(p.stat().st_size for p in data.glob("staged.*")) < 64 * 384 * 4:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end, "nothing is staged"
        time.sleep(0.005)
    return process


def resumed(c, data, document):
    said = load(c, data, document)
    texts, embedded, reused = counts(said)
    assert reused >= 64 and embedded > 0, said
    equal(c(data, "verify").stdout, EXACT)


def case_killed(c):
    """What was embedded is not embedded again, and the version before is there until the next is whole."""
    data, before = c.fresh(), conference(2)
    load(c, data, before)
    document = conference(150)
    process = start(c, data, document)
    process.kill()
    process.communicate()
    equal(process.returncode, -signal.SIGKILL)
    equal(c(data, "verify").stdout, EXACT)
    holds(load(c, data, before, "--dry-run"), "is as it was")
    resumed(c, data, document)
    equal([p.name for p in data.glob("staged.*")], [])


def case_stopped(c):
    """By a signal that asks: the same, with a sentence."""
    for number in (signal.SIGINT, signal.SIGTERM):
        data, document = c.fresh(), conference(150)
        process = start(c, data, document)
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=LIMIT_S)
        equal((process.returncode, stdout), (128 + number, ""))
        equal(besides(stderr), "Stopped; nothing was written. What was embedded is kept: the same command goes on from "
              "there.\n")
        resumed(c, data, document)


# --- Behind a server ----------------------------------------------------------------------


def case_server_embeds_what_lacks(c):
    """Loaded by words alone, then served with the model: it goes on by itself, and once."""
    data, document = c.fresh(), conference(10)
    done = subprocess.run([str(c.program), "all", str(c.file(document))], env=c.env(data, words=True, ERLEAH_EMBEDDER="none"),
                          capture_output=True, text=True, timeout=LIMIT_S)
    equal(done.returncode, 0)
    holds(c(data, "verify").stderr, "vector")
    with Server(c, data) as server:
        equal(len(server.titles("Session 3", document)) > 0, True)  # by words, at once
        end = time.monotonic() + LIMIT_S
        while c(data, "verify").stdout != EXACT:
            assert time.monotonic() < end, server.log.read_text()
            time.sleep(0.2)
        equal(server.log.read_text().count("embedding.begun"), 1)
    holds(load(c, data, document), "is as it was")


def case_unusable_weights(c):
    data = c.fresh()
    folder = c.fresh()
    (folder / "model.safetensors").write_bytes(b"x" * 1000)
    (folder / "vocab.txt").write_text("[PAD]\n")
    env = c.env(data, ERLEAH_WEIGHTS=folder / "model.safetensors")
    done = subprocess.run([str(c.program), "all", str(c.file(conference(2)))], env=env, capture_output=True, text=True,
                          timeout=LIMIT_S)
    assert done.returncode in (1, 2), done
    equal(done.stdout, "")
    holds(done.stderr, "conference.json: 0 of 16 texts are embedded and kept, then: ",
          "vocab.txt is not all-MiniLM-L6-v2's")


# --- What lies in the data folder --------------------------------------------------------


def index_of(data):
    path, = (p for p in data.glob("index.*") if ".tmp-" not in p.name)
    return path


def older_format(path):
    content = bytearray(path.read_bytes())
    content[8:12] = struct.pack("<I", 1)
    path.write_bytes(content)


def flipped(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut(path):
    os.truncate(path, path.stat().st_size // 2)


def wait_exact(c, data, server):
    end = time.monotonic() + LIMIT_S
    while c(data, "verify").stdout != EXACT:
        assert time.monotonic() < end, server.log.read_text()
        time.sleep(0.2)


def case_unreadable_index_is_made_anew(c):
    """Another version's, a damaged one, or half of one: words answer at once, one line says why, and meanings follow."""
    document = conference(6)
    data = c.fresh()
    load(c, data, document)
    for spoil, why in ((older_format, "has format 1 and this program reads"), (flipped, "checksum"), (cut, "cut off"),
                       (pathlib.Path.unlink, None)):
        spoil(index_of(data))
        with Server(c, data) as server:
            assert server.titles("Session 3", document)
            wait_exact(c, data, server)
            log = server.log.read_text()
            equal(log.count("index.made_anew"), 1 if why else 0)
            holds(log, why or "embedding.done")
            equal(server.search("harbour", document).get("degraded", False), False)


def case_unreadable_index_loaded_again(c):
    """The same file again: what the index lost is there again, though the records are as they were."""
    data, document = c.fresh(), conference(6)
    load(c, data, document)
    for spoil in (older_format, flipped):
        spoil(index_of(data))
        done = c(data, "all", c.file(document))
        equal(done.returncode, 0)
        equal(c(data, "verify").stdout, EXACT)


def checksum(content):
    """As flat_file.c has it."""
    mask = (1 << 64) - 1

    def mix(lane, word):
        lane = ((lane ^ word) * 0x9e3779b97f4a7c15) & mask
        return (lane << 29 | lane >> 35) & mask

    lanes = [0, 1, 2, 3]
    padded = content + bytes(-len(content) % 32)
    for words in struct.iter_unpack("<4Q", padded):
        lanes = [mix(lane, word) for lane, word in zip(lanes, words)]
    total = len(content)
    for lane in lanes:
        total = mix(total, lane)
    return total


def case_vectors_of_another_model(c):
    """They stop the start, with a sentence that names both and what to do; doing it helps."""
    data, document = c.fresh(), conference(2)
    load(c, data, document)
    path = index_of(data)
    content = path.read_bytes()
    equal(struct.unpack_from("<Q", content, 24)[0], checksum(content[32:]))
    assert content.count(b"all-MiniLM-L6-v2\0") == 1
    content = content.replace(b"all-MiniLM-L6-v2\0", b"another-model-v1\0")
    path.write_bytes(content[:24] + struct.pack("<Q", checksum(content[32:])) + content[32:])
    done = subprocess.run([c.server], env=c.env(data, PORT=1), capture_output=True, text=True, timeout=LIMIT_S)
    equal((done.returncode, done.stdout), (2, ""))
    holds(done.stderr, 'The index of "Canal Day 2027" holds vectors of another-model-v1 (384 dimensions), but the embedder is '
          "all-MiniLM-L6-v2 (384)", "erleah-ingest all FILE")
    equal(besides(c(data, "all", c.file(document)).stderr), "")
    equal(c(data, "verify").stdout, EXACT)
    with Server(c, data) as server:
        assert server.titles("Session 1", document)


def server_embedding(c, data):
    """A server that has begun to embed, and staged some."""
    server = Server(c, data)
    end = time.monotonic() + LIMIT_S
    server.search("session", conference(1))
    while sum(p.stat().st_size for p in data.glob("staged.*")) < 64 * 384 * 4:
        assert time.monotonic() < end, server.log.read_text()
        time.sleep(0.005)
    return server


def case_server_stopped_while_embedding(c):
    """It ends at once, and the next one goes on from there; of two at a time, one embeds."""
    data, document = c.fresh(), conference(150)
    load(c, data, document)
    index_of(data).unlink()
    server = server_embedding(c, data)
    began = time.monotonic()
    server.__exit__()
    assert time.monotonic() - began < 5, "a server that embeds takes its time to end"
    lacks(server.log.read_text(), "embedding.done")
    with server_embedding(c, data) as first:
        log = first.log.rename(data / "first.log")  # the next one writes its own
        with Server(c, data) as second:
            assert second.titles("Session 3", document)
            wait_exact(c, data, second)
            time.sleep(3.5)  # the other looks again
            texts = log.read_text() + second.log.read_text()
            equal(texts.count("embedding.begun"), 1)
            found = re.search(r"embedding\.done.*", texts).group(0)
            total, embedded = (int(re.search(rf"\b{name}\W+(\d+)", found).group(1)) for name in ("texts", "embedded"))
            assert embedded <= total - 64, found
    equal([p.name for p in data.glob("staged.*")], [])


# --- The weights ----------------------------------------------------------------------------


def spoiled_home(c, spoil):
    """A home folder whose weights are not what they should be."""
    home = c.fresh()
    folder = home / ".cache/erleah/weights/all-MiniLM-L6-v2"
    folder.mkdir(parents=True)
    for name in ("model.safetensors", "vocab.txt"):
        shutil.copyfile(weights().parent / name, folder / name)
    spoil(folder / "model.safetensors")
    return home


def case_weights_that_are_wrong(c):
    """Found by default: words answer as if there were none, one line says what is wrong, and so does readiness."""
    data, document = c.fresh(), conference(4)
    load(c, data, document)
    for spoil in (flipped, cut):
        home = spoiled_home(c, spoil)
        with Server(c, data, ERLEAH_EMBEDDER="auto", ERLEAH_WEIGHTS="", HOME=home) as server:
            for _ in range(3):
                assert server.titles("Session 3", document)
            equal(server.log.read_text().count("embedder.unusable"), 1)
            equal(server.ready()["checks"]["minilm"], "degraded")


def case_without_weights(c):
    data, document = c.fresh(), conference(4)
    load(c, data, document)
    done = subprocess.run([c.server], env=c.env(data, PORT=1, ERLEAH_WEIGHTS=data / "absent"), capture_output=True, text=True,
                          timeout=LIMIT_S)
    equal((done.returncode, done.stdout), (2, ""))
    holds(done.stderr, "absent (or vocab.txt beside it) cannot be read")
    for settings in ({"ERLEAH_EMBEDDER": "none"}, {"ERLEAH_EMBEDDER": "auto", "ERLEAH_WEIGHTS": ""}):
        with Server(c, data, **settings) as server:
            assert server.titles("Session 3", document)
            assert "minilm" not in server.ready()["checks"]
            lacks(server.log.read_text(), "embedder.unusable", "embedding.begun")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--ingest", type=pathlib.Path, required=True)
    parser.add_argument("--server", type=pathlib.Path, required=True)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="erleah-embedding-") as folder:
        sys.exit(main(globals(), Meaning(args.ingest.resolve(), args.server.resolve(), pathlib.Path(folder))))
