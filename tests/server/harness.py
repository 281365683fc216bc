"""What the tests of the HTTP server stand on: a server process, raw HTTP, a WebSocket, the contract.

Python's standard library only.  Requests are bytes on a socket, so that wrong ones can be sent, and every
response is held to server/openapi.json.
"""
import base64
import json
import os
import pathlib
import re
import signal
import socket
import struct
import subprocess
import tempfile
import time
import uuid

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CONTRACT = json.loads((ROOT / "server" / "openapi.json").read_text(encoding="utf-8"))
LIMIT_S = float(os.environ.get("HTTP_TEST_LIMIT_S", "30"))


class Failed(AssertionError):
    pass


def expect(condition, what):
    if not condition:
        raise Failed(what)


def same(got, wanted, what="value"):
    if got != wanted:
        raise Failed(f"{what}: {got!r} instead of {wanted!r}")


def until(check, what, limit_s=LIMIT_S, pause_s=0.05):
    """Calls check until it returns something; a test never sleeps for a fixed time."""
    end = time.monotonic() + limit_s
    while True:
        result = check()
        if result:
            return result
        if time.monotonic() > end:
            raise Failed(f"{what}: not within {limit_s} s")
        time.sleep(pause_s)


# --- The contract ---------------------------------------------------------------------------


def problems(schema, value, at="$"):
    """What of value does not fit the schema: the part of JSON Schema the contract uses."""
    if "$ref" in schema:
        node = CONTRACT
        for part in schema["$ref"].lstrip("#/").split("/"):
            node = node[part]
        return problems(node, value, at)
    found = []
    for each in schema.get("allOf", []):
        found += problems(each, value, at)
    if "oneOf" in schema and sum(not problems(s, value, at) for s in schema["oneOf"]) != 1:
        found.append(f"{at} fits not exactly one of the alternatives")
    kinds = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None),
             "integer": int, "number": (int, float)}
    wanted = schema.get("type")
    wanted = [wanted] if isinstance(wanted, str) else wanted or []
    if wanted and not any(isinstance(value, kinds[w]) and (w == "boolean" or not isinstance(value, bool))
                          for w in wanted):
        return [f"{at} is {value!r}, no {' or '.join(wanted)}"]
    if "const" in schema and value != schema["const"]:
        found.append(f"{at} is {value!r} instead of {schema['const']!r}")
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{at} is {value!r}, none of {schema['enum']}")
    if isinstance(value, str):
        if "pattern" in schema and not re.search(schema["pattern"], value):
            found.append(f"{at} is {value!r}, which does not match {schema['pattern']}")
        if len(value) < schema.get("minLength", 0):
            found.append(f"{at} is too short")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if not schema.get("minimum", value) <= value <= schema.get("maximum", value):
            found.append(f"{at} is {value}, out of range")
    if isinstance(value, dict):
        known = schema.get("properties", {})
        found += [f"{at}.{name} is missing" for name in schema.get("required", []) if name not in value]
        more = schema.get("additionalProperties", True)
        for name, member in value.items():
            if name in known:
                found += problems(known[name], member, f"{at}.{name}")
            elif more is False:
                found.append(f"{at}.{name} is not in the contract")
            elif isinstance(more, dict):
                found += problems(more, member, f"{at}.{name}")
    if isinstance(value, list) and "items" in schema:
        for number, item in enumerate(value):
            found += problems(schema["items"], item, f"{at}[{number}]")
    return found


def template_of(path):
    path = path.split("?")[0]
    for template in CONTRACT["paths"]:
        pattern = re.sub(r"\{\w+\}", "[^/]+", re.escape(template).replace(r"\{", "{").replace(r"\}", "}"))
        if re.fullmatch(pattern, path):
            return template
    return None


def hold_to_contract(method, path, response):
    template = template_of(path)
    item = CONTRACT["paths"].get(template, {})
    operation = item.get({"HEAD": "get"}.get(method, method.lower()))
    if operation is None or method == "OPTIONS":
        expect(response.status in (204, 400, 403, 404, 405, 413, 431, 501, 505),
               f"{method} {path} is not in the contract and was answered with {response.status}")
        if response.body:
            form = "DirectusError" if path.startswith("/items/") else "Error"
            wrong = problems({"$ref": f"#/components/schemas/{form}"}, response.json())
            expect(not wrong, f"{method} {path}: {wrong}")
        return
    allowed = operation["responses"].get(str(response.status))
    expect(allowed is not None, f"{method} {path}: the contract has no {response.status}")
    for name in allowed.get("headers", {}):
        expect(response.headers.get(name.lower(), "").isdigit(), f"{method} {path}: {name} is missing")
    content = allowed.get("content")
    if not content or method == "HEAD":
        expect(not response.body, f"{method} {path}: a body with {response.status}")
        return
    kind = response.headers.get("content-type", "").split(";")[0]
    expect(kind in content, f"{method} {path}: {kind} instead of {list(content)}")
    if kind == "application/json":
        wrong = problems(content[kind]["schema"], response.json())
        expect(not wrong, f"{method} {path} {response.status}: {wrong}")


# --- HTTP -------------------------------------------------------------------------------------


class Response:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body.decode("utf-8"))


class Connection:
    """A socket with the bytes that were read too far."""

    def __init__(self, port, limit_s=LIMIT_S, host="127.0.0.1"):
        self.socket = socket.create_connection((host, port), timeout=limit_s)
        self.rest = b""

    def send(self, data):
        self.socket.sendall(data)

    def more(self):
        data = self.socket.recv(65536)
        if not data:
            raise EOFError
        self.rest += data

    def take_until(self, mark):
        while mark not in self.rest:
            self.more()
        head, _, self.rest = self.rest.partition(mark)
        return head

    def take(self, size):
        while len(self.rest) < size:
            self.more()
        data, self.rest = self.rest[:size], self.rest[size:]
        return data

    def head(self):
        lines = self.take_until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        version, status = lines[0].split(" ")[:2]
        same(version, "HTTP/1.1", "version")
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            name = name.lower()
            expect(name not in headers, f"header {name} comes twice")
            headers[name] = value.strip()
        return int(status), headers

    def response(self, method="GET"):
        status, headers = self.head()
        body = b""
        if method != "HEAD" and status not in (204, 304) and status >= 200:
            if "content-length" in headers:
                body = self.take(int(headers["content-length"]))
            else:
                same(headers.get("connection"), "close", "Connection of an answer without a length")
                try:
                    while True:
                        self.more()
                except EOFError:
                    body, self.rest = self.rest, b""
        return Response(status, headers, body)

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def request_bytes(method, path, body=None, headers=None, host="localhost"):
    lines = {"Host": host}
    if body is not None:
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        lines["Content-Type"] = "application/json"
        lines["Content-Length"] = str(len(body))
    lines.update(headers or {})
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value is not None)
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + (body or b"")


# --- The server ---------------------------------------------------------------------------------


class Server:
    """One erleah-server with settings of its own."""

    def __init__(self, options, data, **settings):
        self.options, self.data = options, data
        self.settings = {k: str(v) for k, v in settings.items()}
        self.log_path = tempfile.mkstemp(prefix="erleah-server-", suffix=".log")[1]
        self.port = free_port()
        self.process = None
        self.start()

    def environment(self):
        keep = plain_environment()
        keep.update(ERLEAH_DATA=str(self.data), PORT=str(self.port), LOG_FORMAT="json",
                    RATE_LIMIT_ADDRESS_PER_HOUR="1000000", RATE_LIMIT_CONVERSATION_PER_MINUTE="1000")
        keep.update(self.settings)
        return keep

    def start(self):
        self.process = subprocess.Popen([self.options.server], env=self.environment(),
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=open(self.log_path, "ab"), text=True)
        line = self.process.stdout.readline()
        expect(line == f"Erleah is ready: http://localhost:{self.port}/\n",
               f"the server said {line!r} and {self.log()[-2000:]!r}")

    def log(self):
        return pathlib.Path(self.log_path).read_text(encoding="utf-8", errors="replace")

    def log_lines(self, event="http.request"):
        lines = [json.loads(line) for line in self.log().splitlines() if line.startswith("{")]
        return [line for line in lines if line.get("event") == event]

    def connect(self, **more):
        return Connection(self.port, **more)

    def ask(self, method, path, body=None, headers=None, check=True):
        with self.connect() as c:
            c.send(request_bytes(method, path, body, headers, host=f"localhost:{self.port}"))
            response = c.response(method)
        if check:
            hold_to_contract(method, path, response)
        return response

    def raw(self, data, check_as=None):
        """Sends bytes; the answer, or None when there is none."""
        with self.connect() as c:
            try:
                c.send(data)
                response = c.response()
            except (EOFError, ConnectionError):
                return None
        if check_as:
            hold_to_contract(*check_as, response)
        return response

    def get(self, path, **more):
        return self.ask("GET", path, **more)

    def post(self, path, body, **more):
        return self.ask("POST", path, body, **more)

    def rss_kib(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1))

    def stop(self, limit_s=LIMIT_S, code=0):
        """Ends it as an operator would; every server of the tests must end well."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            got = self.process.wait(limit_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise Failed(f"the server did not end within {limit_s} s") from None
        finally:
            self.process.stdout.close()
        same(got, code, f"exit code; the log ends in {self.log()[-3000:]!r}")
        os.unlink(self.log_path)

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.stop()
        elif self.process.poll() is None:
            self.kill()


def plain_environment():
    """What a program needs to run, and no setting that happens to be around; words alone."""
    return {"ERLEAH_EMBEDDER": "none",
            **{k: v for k, v in os.environ.items()
               if k in ("PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH") or k.endswith("SAN_OPTIONS")}}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


# --- What a widget does ---------------------------------------------------------------------------


class Visitor:
    """Makes the rows as the widget does; asks."""

    def __init__(self, server, conference):
        self.server, self.conference = server, conference
        self.conversation = str(uuid.uuid4())
        response = server.post("/items/conversations", {
            "id": self.conversation, "conference_id": conference, "source": "mini",
            "user_created": "public-user", "status": "active"})
        same(response.status, 200, response.body)

    def write(self, text):
        message = str(uuid.uuid4())
        response = self.server.post("/items/messages", {
            "id": message, "conversation_id": self.conversation, "role": "user", "messageText": text,
            "user_created": "public-user", "status": "completed"})
        same(response.status, 200, response.body)
        return message

    def question(self, message):
        return {"conversation_id": self.conversation, "message_id": message, "conference_id": self.conference}

    def ask(self, text, headers=None, path="/api/chat"):
        return self.server.post(path, self.question(self.write(text)), headers=headers)

    def start(self, text):
        response = self.ask(text)
        same(response.status, 200, response.body)
        return response.json()["assistant_message_id"]


def row_of(server, reply):
    response = server.get(f"/items/messages/{reply}")
    same(response.status, 200, response.body)
    row = response.json()["data"]
    wrong = problems({"$ref": "#/components/schemas/Message"}, row)
    expect(not wrong, f"the row: {wrong}")
    return row


def completed_row(server, reply, limit_s=LIMIT_S):
    def check():
        row = row_of(server, reply)
        return row if row["status"] == "completed" else None
    return until(check, f"the row of {reply} is completed", limit_s)


# --- Server-sent events -----------------------------------------------------------------------------


def parse_events(data):
    """Whole events of a stream's bytes: (id, name, data)."""
    events = []
    for block in data.decode("utf-8").split("\n\n")[:-1]:
        fields = {}
        for line in block.split("\n"):
            if line.startswith(":"):
                continue
            name, _, value = line.partition(": ")
            expect(name in ("id", "event", "data", "retry"), f"a line of the stream is {line!r}")
            expect(name not in fields, f"{name} comes twice in {block!r}")
            fields[name] = value
        if "data" in fields:
            events.append((int(fields["id"]), fields["event"], json.loads(fields["data"])))
    return events


def text_of(events):
    return "".join(data["text"] for _, name, data in events if name == "delta")


class Stream:
    """An open event stream."""

    def __init__(self, server, reply, after=None, small_window=False):
        self.connection = Connection(server.port)
        if small_window:
            self.connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        headers = {} if after is None else {"Last-Event-ID": str(after)}
        self.connection.send(request_bytes("GET", f"/api/chat/{reply}/events", headers=headers))
        self.status, self.headers = self.connection.head()
        self.data = b""

    def read(self, size=None):
        """Reads until the end, or until there are `size` bytes; whether the end came."""
        while size is None or len(self.data) + len(self.connection.rest) < size:
            try:
                self.connection.more()
            except EOFError:
                self.data += self.connection.rest
                self.connection.rest = b""
                return True
        self.data += self.connection.rest
        self.connection.rest = b""
        return False

    def wait_for(self, mark):
        while mark not in self.data + self.connection.rest:
            self.connection.more()
        self.data += self.connection.rest
        self.connection.rest = b""

    def close(self):
        self.connection.close()


# --- WebSocket ----------------------------------------------------------------------------------------


class Closed(Exception):
    def __init__(self, code):
        super().__init__(f"closed with {code}")
        self.code = code


def handshake_bytes(port, origin=None, version="13", key=None, more=""):
    key = key or base64.b64encode(os.urandom(16)).decode()
    line = f"Origin: {origin}\r\n" if origin else ""
    return (f"GET /websocket HTTP/1.1\r\nHost: localhost:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: {version}\r\n{line}{more}\r\n").encode()


def frame(opcode, payload=b"", fin=True, mask=True, claimed=None):
    size = len(payload) if claimed is None else claimed
    head = bytes([(0x80 if fin else 0) | opcode])
    bit = 0x80 if mask else 0
    if size < 126:
        head += bytes([bit | size])
    elif size < 65536:
        head += bytes([bit | 126]) + struct.pack(">H", size)
    else:
        head += bytes([bit | 127]) + struct.pack(">Q", size)
    if not mask:
        return head + payload
    key = os.urandom(4)
    return head + key + bytes(b ^ key[i & 3] for i, b in enumerate(payload))


class WebSocket:
    def __init__(self, server, origin=None, pongs=True, small_window=False):
        self.connection = Connection(server.port)
        if small_window:
            self.connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.pongs = pongs
        self.connection.send(handshake_bytes(server.port, origin))
        status, headers = self.connection.head()
        same(status, 101, "status of the handshake")
        same(headers["upgrade"].lower(), "websocket", "Upgrade")

    def send(self, message):
        self.raw(frame(1, json.dumps(message).encode()))

    def raw(self, data):
        self.connection.send(data)

    def frame(self):
        first, second = self.connection.take(2)
        expect(first & 0x80, "a server's message comes in one frame")
        expect(not second & 0x80, "a server does not mask")
        size = second & 127
        if size == 126:
            size = struct.unpack(">H", self.connection.take(2))[0]
        elif size == 127:
            size = struct.unpack(">Q", self.connection.take(8))[0]
        return first & 15, self.connection.take(size)

    def message(self, limit_s=LIMIT_S):
        """The next message that is no heartbeat."""
        self.connection.socket.settimeout(limit_s)
        while True:
            opcode, payload = self.frame()
            if opcode == 8:
                raise Closed(struct.unpack(">H", payload[:2])[0] if len(payload) >= 2 else 0)
            if opcode == 9:
                self.raw(frame(10, payload))
                continue
            if opcode == 10:
                continue
            message = json.loads(payload.decode("utf-8"))
            if message == {"type": "ping"}:
                if self.pongs:
                    self.send({"type": "pong"})
                continue
            return message

    def ask(self, message):
        self.send(message)
        return self.message()

    def close_code(self):
        try:
            while True:
                self.message()
        except Closed as end:
            return end.code
        except (EOFError, ConnectionError):
            return 0

    def close(self):
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
