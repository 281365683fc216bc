"""examples/deploy and script/smoke: run by tests/e2e/deploy/run."""
import argparse
import copy
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import bicep
import harness
import kubernetes_validate
import yaml
from harness import equal, holds

ROOT = Path(__file__).resolve().parents[3]
DEPLOY = ROOT / "examples/deploy"
HOST = "assistant.example.org"
LEAST_LINES = 13  # the checks of script/smoke


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def settings():
    """The names that .env.example has."""
    return set(re.findall(r"^#([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.M))


def are_settings(names):
    known = settings()
    for name in names:
        if name not in known and name.removesuffix("_FILE") not in known:
            raise AssertionError(f"{name} is no setting")


def listens(port, process, log):
    end = time.monotonic() + 20
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"{process.args[0]} does not listen: {log.read_text()[-2000:]}")


class Proxy:
    """A real proxy in front of the server, until the end of a `with`."""

    def __init__(self, ctx, name, argv, port, **env):
        self.log = ctx.work / f"{name}.log"
        with open(self.log, "w", encoding="utf-8") as out:
            self.process = subprocess.Popen([str(a) for a in argv], stdout=out, stderr=out, start_new_session=True,
                                            env={"PATH": os.environ["PATH"], "HOME": str(ctx.work), **env})
        listens(port, self.process, self.log)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(20)


# --- Certificates of a made-up authority ---------------------------------------------------------

def openssl(*argv, text=None):
    done = subprocess.run(["openssl", *map(str, argv)], capture_output=True, text=True, input=text, check=False)
    if done.returncode:
        raise AssertionError(f"openssl {argv}: {done.stderr}")


def authority(ctx):
    key, pem = ctx.work / "ca.key", ctx.work / "ca.pem"
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-out", pem,
            "-days", "30", "-subj", "/CN=An authority for a test")
    return key, pem


def certificate(ctx, days, name="localhost"):
    key, pem = authority(ctx) if not (ctx.work / "ca.pem").exists() else (ctx.work / "ca.key", ctx.work / "ca.pem")
    stem = ctx.work / f"{name}-{days}"
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", f"{stem}.key", "-out",
            f"{stem}.csr", "-subj", f"/CN={name}")
    (ctx.work / "san").write_text(f"subjectAltName=DNS:{name}")
    openssl("x509", "-req", "-in", f"{stem}.csr", "-CA", pem, "-CAkey", key, "-CAcreateserial", "-days", days, "-out",
            f"{stem}.pem", "-extfile", ctx.work / "san")
    return f"{stem}.pem", f"{stem}.key"


# --- nginx: our file, on other ports and with a certificate of its own -----------------------------------

def nginx_site(ctx, days=30):
    """Our file as a whole configuration, and the ports it then listens on."""
    pem, key = certificate(ctx, days)
    plain, tls = free_port(), free_port()
    site = (DEPLOY / "nginx/erleah.conf").read_text()
    for old, new in ((f"/etc/letsencrypt/live/{HOST}/fullchain.pem", pem), (f"/etc/letsencrypt/live/{HOST}/privkey.pem", key),
                     ("127.0.0.1:8000", f"127.0.0.1:{ctx.port}"), ("listen 80;", f"listen 127.0.0.1:{plain};"),
                     ("listen [::]:80;", ""), ("listen 443 ssl http2;", f"listen 127.0.0.1:{tls} ssl http2;"),
                     ("listen [::]:443 ssl http2;", ""), (HOST, "localhost"), ("https://$host$", f"https://$host:{tls}$")):
        if old not in site:
            raise AssertionError(f"{old!r} is not in the file")
        site = site.replace(old, new)
    return nginx_file(ctx, site), plain, tls


def nginx_file(ctx, site):
    for name in ("body", "proxy", "fastcgi", "uwsgi", "scgi"):
        (ctx.work / "nginx" / name).mkdir(parents=True, exist_ok=True)
    path = ctx.work / "nginx.conf"
    temporary = "\n".join(f"{kind}_temp_path {ctx.work}/nginx/{name};" for kind, name in (
        ("client_body", "body"), ("proxy", "proxy"), ("fastcgi", "fastcgi"), ("uwsgi", "uwsgi"), ("scgi", "scgi")))
    path.write_text(f"daemon off; worker_processes 1; pid {ctx.work}/nginx.pid; error_log stderr; user root;\n"
                    f"events {{ worker_connections 256; }}\nhttp {{ access_log off;\n{temporary}\n{site}\n}}\n")
    return path


def nginx(ctx, config, port):
    return Proxy(ctx, "nginx", ["nginx", "-e", "stderr", "-c", config], port)


def smoke(ctx, *argv, status=0):
    env = {"PATH": os.environ["PATH"], "SSL_CERT_FILE": str(ctx.work / "ca.pem")}
    done = subprocess.run([ROOT / "script/smoke", *map(str, argv)], env=env, capture_output=True, text=True, timeout=120,
                          check=False)
    if done.returncode != status:
        raise AssertionError(f"smoke ended with {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def case_smoke_through_nginx(ctx):
    config, plain, tls = nginx_site(ctx)
    with nginx(ctx, config, tls):
        said = smoke(ctx, f"https://localhost:{tls}", "--http-port", plain)
    holds(said, f"{LEAST_LINES} passed, 0 failed", "TLSv1.3", "good for 29 days", "/metrics is closed", "101 websocket")


def case_smoke_through_caddy(ctx):
    pem, key = certificate(ctx, 30)
    plain, tls = free_port(), free_port()
    site = (DEPLOY / "caddy/Caddyfile").read_text()
    holds(site, f"{HOST} {{", "127.0.0.1:8000")
    site = site.replace(f"{HOST} {{", f"localhost {{\n\ttls {pem} {key}").replace("127.0.0.1:8000", f"127.0.0.1:{ctx.port}")
    path = ctx.work / "Caddyfile"
    path.write_text(f"{{\n\tadmin off\n\thttp_port {plain}\n\thttps_port {tls}\n\tstorage file_system {ctx.work}/caddy\n}}\n{site}")
    with Proxy(ctx, "caddy", ["caddy", "run", "--config", path, "--adapter", "caddyfile"], tls):
        listens_too = time.monotonic() + 10
        while time.monotonic() < listens_too:
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", plain)) == 0:
                    break
            time.sleep(0.05)
        said = smoke(ctx, f"https://localhost:{tls}", "--http-port", plain)
    holds(said, f"{LEAST_LINES} passed, 0 failed", "/metrics is closed", "101 websocket")


def case_smoke_sees_what_is_wrong(ctx):
    """A certificate about to end, no redirect, a proxy that knows no WebSockets and opens the API to everybody."""
    pem, key = certificate(ctx, 5)
    plain, tls = free_port(), free_port()
    config = nginx_file(ctx, f"""server {{
        listen 127.0.0.1:{plain}; listen 127.0.0.1:{tls} ssl; server_name localhost;
        ssl_certificate {pem}; ssl_certificate_key {key};
        location / {{ proxy_pass http://127.0.0.1:{ctx.port}; add_header Access-Control-Allow-Origin * always; }} }}""")
    with nginx(ctx, config, tls):
        said = smoke(ctx, f"https://localhost:{tls}", "--http-port", plain, status=1)
    holds(said, "FAILED  TLS: the certificate ends in 4 days", "FAILED  redirect to https: http:// answers 200",
          "FAILED  other origins: any origin may use the API", "FAILED  WebSocket: /websocket answers 4",
          f"{LEAST_LINES - 4} passed, 4 failed")


def case_smoke_of_nothing(ctx):
    said = smoke(ctx, f"http://127.0.0.1:{free_port()}", "--insecure-http", status=1)
    holds(said, "FAILED  health: ", "FAILED  resumed: no answer to look at", "0 passed")
    holds(smoke(ctx, "assistant.example.org", status=1), "is no address; one begins with https:// or http://.")
    holds(smoke(ctx, f"http://127.0.0.1:{ctx.port}", status=1), "--insecure-http is for a machine of one's own")


def case_a_stream_through_a_proxy_that_knows_nothing(ctx):
    """nginx with nothing but proxy_pass, HTTP/1.0 and buffering on: words come as they are written, and a cut stream goes on."""
    port = free_port()
    config = nginx_file(ctx, f"server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://127.0.0.1:{ctx.slow_port}; }} }}")
    with nginx(ctx, config, port):
        events, times = stream(ctx, port)
    deltas = [at for at, (_, name, _) in zip(times, events) if name == "delta"]
    if len(deltas) < 5 or deltas[-1] - deltas[0] < 0.5:
        raise AssertionError(f"{len(deltas)} pieces within {deltas[-1] - deltas[0]:.2f} s: held back by the proxy")
    equal(events[-1][1], "done")


def stream(ctx, port):
    """A question by way of the proxy, cut after its third event and resumed: events and when each came."""
    loader = {"__name__": "smoke"}
    exec(compile((ROOT / "script/smoke").read_text(), "script/smoke", "exec"), loader)  # pylint: disable=exec-used
    options = argparse.Namespace(directus=None, token=None, conference=None)
    visitor = loader["Visitor"](loader["Site"](f"http://127.0.0.1:{port}"), options)
    visitor.reply = visitor.ask("Which talks are about energy?")
    events, times = [], []
    for event in visitor.events():
        events.append(event)
        times.append(time.monotonic())
        if len(events) == 3:
            break
    for event in visitor.events(after=events[-1][0]):
        events.append(event)
        times.append(time.monotonic())
    equal([number for number, _, _ in events], list(range(1, len(events) + 1)))
    return events, times


# --- systemd ------------------------------------------------------------------------------------------------

def case_systemd_unit(ctx):
    unit = ctx.work / "erleah.service"
    text = (DEPLOY / "systemd/erleah.service").read_text()
    binary = ctx.build / "server/erleah-server"
    holds(text, "ExecStart=/usr/bin/erleah-server\n")
    unit.write_text(text.replace("/usr/bin/erleah-server", str(binary)))
    for argv in (["verify", unit], ["security", "--offline=true", "--threshold=20", "--no-pager", unit]):
        done = subprocess.run(["systemd-analyze", *map(str, argv)], capture_output=True, text=True, check=False)
        said = done.stdout + done.stderr
        if done.returncode or f"{unit.name}:" in done.stderr:
            raise AssertionError(f"systemd-analyze {argv[0]}: {said[-1500:]}")
    print("   ", said.strip().splitlines()[-1])
    are_settings(re.findall(r"([A-Z_]+)=", " ".join(re.findall(r"^#?Environment=(.*)$", text, re.M))))


# --- Kubernetes ------------------------------------------------------------------------------------------------

def manifests():
    return list(yaml.safe_load_all((DEPLOY / "kubernetes/erleah.yaml").read_text()))


def case_kubernetes_manifests(ctx):
    kinds = []
    for one in manifests():
        for version in ("1.29", "1.37"):
            kubernetes_validate.validate(one, version, strict=True)
        kinds.append(one["kind"])
    for kind in ("Deployment", "Service", "Ingress", "ConfigMap", "HorizontalPodAutoscaler", "PodDisruptionBudget"):
        if kind not in kinds:
            raise AssertionError(f"no {kind}")
    deployment = next(one for one in manifests() if one["kind"] == "Deployment")
    broken = copy.deepcopy(deployment)
    broken["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}
    try:
        kubernetes_validate.validate(broken, "1.37", strict=True)
    except kubernetes_validate.ValidationError:
        pass
    else:
        raise AssertionError("a property that does not exist was taken")
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    config = next(one for one in manifests() if one["kind"] == "ConfigMap")
    are_settings(list(config["data"]) + [entry["name"] for entry in container["env"]])
    grace_s = int(config["data"]["DRAIN_GRACE_MS"]) / 1000
    if deployment["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] < grace_s + 20:
        raise AssertionError("answers under way would be killed before their grace period ends")


# --- Azure -------------------------------------------------------------------------------------------------------

def case_bicep(ctx):
    path = DEPLOY / "azure/main.bicep"
    equal(bicep.check(path, ctx.shapes), 3)
    text = path.read_text()
    are_settings(name for name in re.findall(r"name: '([A-Z_]+)'", text))
    holds(text, "transport: 'http'", "allowInsecure: false", "keyVaultUrl", "concurrentRequests")
    script = (DEPLOY / "azure/deploy.sh").read_text()
    for name in re.findall(r"^param (\w+)", text, re.M):
        if name not in script and f"param {name} " in text and not re.search(rf"^param {name} \w+ = ", text, re.M):
            raise AssertionError(f"deploy.sh does not give {name}")


def case_bicep_that_is_wrong(ctx):
    text = (DEPLOY / "azure/main.bicep").read_text()
    wrong = {
        "targetPort: 8000": ("targetPort: '8000'", None),  # a name may stand for anything
        "transport: 'http'": ("transports: 'http'", "transports is unknown"),
        "external: true": ("external: 1", "where a Boolean is wanted"),
        "periodSeconds: 1\n": ("period: 1\n", "period is unknown"),
        "name: 'Consumption'\n": ("", "workloadProfiles[0].name is missing"),
        "param directusUrl string": ("param directusUrl string\nparam directusUrl2 string", "directusUrl2 of parameters is used nowhere"),
    }
    for old, (new, said) in wrong.items():
        holds(text, old)
        path = ctx.work / "wrong.bicep"
        path.write_text(text.replace(old, new, 1))
        try:
            bicep.check(path, ctx.shapes)
        except bicep.Wrong as e:
            holds(str(e), said or "nothing")
        else:
            equal(said, None)


class Context:
    def __init__(self, options):
        self.build, self.work = Path(options.build), Path(options.work)
        self.shapes = json.loads((self.work / "shapes.json").read_text())
        self.port = self.start("server")
        self.slow_port = self.start("slow", "COMPOSER_PACE_MS=80")

    def start(self, name, *more):
        folder = self.work / name
        subprocess.run([ROOT / "tests/support/erleah/start", folder, "--build", self.build, "ERLEAH_EMBEDDER=none",
                        "TRUSTED_PROXIES=127.0.0.1/32", *more], check=True, stdout=subprocess.DEVNULL)
        return int(re.search(r"ERLEAH_SERVER_URL=.*:(\d+)", (folder / "env").read_text())[1])

    def stop(self):
        for name in ("server", "slow"):
            subprocess.run([ROOT / "tests/support/erleah/stop", self.work / name], check=False, stdout=subprocess.DEVNULL)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--work", required=True)
    context = Context(parser.parse_args())
    try:
        return harness.main(globals(), context)
    finally:
        context.stop()


if __name__ == "__main__":
    sys.exit(main())
