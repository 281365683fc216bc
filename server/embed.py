#!/usr/bin/env python3
"""Writes the C file that holds the served files: embed.py OUTPUT NAME=FILE..."""
import hashlib
import json
import pathlib
import sys

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
}


def rows(data):
    for at in range(0, len(data), 16):
        yield "\t" + ", ".join(f"0x{byte:02x}" for byte in data[at:at + 16]) + ","


def main():
    output, *pairs = sys.argv[1:]
    out = ['/* Made by server/embed.py. */', '#include "static.h"', '']
    table = []
    for number, pair in enumerate(pairs):
        path, _, name = pair.partition("=")
        file = pathlib.Path(name)
        data = file.read_bytes()
        if file.suffix == ".json":
            json.loads(data)
        etag = hashlib.sha256(data).hexdigest()[:16]
        # A NUL behind the end, which the size does not count: text can be searched.
        out += [f"static const unsigned char file_{number}[] = {{", *rows(data + b"\0"), "};", ""]
        table.append(f'\t{{ "{path}", "{TYPES[file.suffix]}", "\\"{etag}\\"", file_{number}, {len(data)} }},')
    out += ["const struct static_file static_files[] = {", *table, "\t{ 0 },", "};", ""]
    pathlib.Path(output).write_text("\n".join(out), encoding="utf-8")


if __name__ == "__main__":
    main()
