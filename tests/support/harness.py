"""Runs the real programs for a test: cases, processes, pipes, and a terminal with a person at it.

A case is a function whose name begins with `case_`; it fails by raising.  `main` runs all of them, prints
`ok NAME` or `FAILED NAME` and, last, `N passed, N failed`.
"""
import errno
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
import traceback

SANITIZERS = ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS")
# Sanitizers and a loaded machine make everything slower; a limit only ends what hangs.
LIMIT_S = 60


def environment(home, **settings):
    """What a program sees: nothing of the caller's, but for sanitizers; words alone, unless told otherwise."""
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8", "TERM": "xterm",
           "ERLEAH_EMBEDDER": "none"}
    env.update({name: os.environ[name] for name in SANITIZERS if name in os.environ})
    env.update({name: str(value) for name, value in settings.items()})
    return env


def run(argv, env, text=None, cwd=None):
    """The finished process: returncode, stdout and stderr as text."""
    return subprocess.run([str(a) for a in argv], env=env, input=text, cwd=cwd, capture_output=True,
                          text=True, timeout=LIMIT_S, stdin=None if text is not None else subprocess.DEVNULL)


def equal(got, wanted):
    if got != wanted:
        raise AssertionError(f"{got!r} is not {wanted!r}")


def holds(text, *parts):
    for part in parts:
        if part not in text:
            raise AssertionError(f"{part!r} is not in {text!r}")


def lacks(text, *parts):
    for part in parts:
        if part in text:
            raise AssertionError(f"{part!r} is in {text!r}")


class Terminal:
    """A program on a terminal of its own; `expect` reads what it shows, `send` types."""

    def __init__(self, argv, env, columns=80, rows=24):
        self.shown = ""
        self.read = 0  # how far expect() has come
        self.raw = b""
        self.fd, slave = pty.openpty()
        self.resize(columns, rows)

        def own_terminal():
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen([str(a) for a in argv], env=env, stdin=slave, stdout=slave,
                                        stderr=slave, preexec_fn=own_terminal, close_fds=True)
        os.close(slave)

    def resize(self, columns, rows=24):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.fd)

    def send(self, keys):
        os.write(self.fd, keys.encode())

    def line(self, text):
        self.send(text + "\r")

    def prompt(self, pattern="> "):
        """Waits for a prompt, and until keys go to the line editor."""
        self.expect(pattern)
        end = time.monotonic() + LIMIT_S
        while termios.tcgetattr(self.fd)[3] & termios.ICANON:
            if time.monotonic() > end:
                raise AssertionError("the line editor does not take the terminal")
            time.sleep(0.01)

    def _pump(self, wait_s):
        """Reads what is there; False when the other side is gone."""
        ready, _, _ = select.select([self.fd], [], [], wait_s)
        if not ready:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError as e:
            if e.errno == errno.EIO:
                return False
            raise
        if not data:
            return False
        self.raw += data
        self.shown = self.raw.decode("utf-8", "replace")
        return True

    def expect(self, pattern, limit_s=LIMIT_S):
        """Waits until the pattern is shown behind what was expected before; returns the match."""
        end = time.monotonic() + limit_s
        alive = True
        while True:
            match = re.compile(pattern).search(self.shown, self.read)
            if match:
                self.read = match.end()
                return match
            if not alive or time.monotonic() > end:
                raise AssertionError(f"{pattern!r} was not shown; shown was {self.shown[self.read:]!r}")
            alive = self._pump(min(1, max(0, end - time.monotonic())))

    def rest(self):
        """What is shown behind what was expected, up to now."""
        return self.shown[self.read:]

    def status(self, limit_s=LIMIT_S):
        """Waits for the end; the exit status, negative for a signal."""
        end = time.monotonic() + limit_s
        while self._pump(0.2) and time.monotonic() < end:
            pass
        try:
            return self.process.wait(max(0.1, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it did not end; shown was {self.rest()!r}") from None


def stop(process, sig=signal.SIGTERM):
    if process.poll() is None:
        process.send_signal(sig)
    return process.wait(LIMIT_S)


def main(cases, context):
    """cases: a module's globals(); context is handed to every case."""
    only = os.environ.get("ONLY", "")
    passed = failed = 0
    for name, case in list(cases.items()):
        if not name.startswith("case_") or only not in name:
            continue
        began = time.monotonic()
        try:
            case(context)
        except Exception:  # a case that cannot run has failed
            failed += 1
            print(f"FAILED {name[5:]}")
            traceback.print_exc(file=sys.stdout)
        else:
            passed += 1
            print(f"ok {name[5:]} ({time.monotonic() - began:.1f} s)")
        sys.stdout.flush()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0
