#!/usr/bin/env python3
"""section.py FILE TITLE: standard input takes the place of that section of a page of measurements, the others stay."""
import pathlib
import re
import sys

path, title = pathlib.Path(sys.argv[1]), sys.argv[2]
text = path.read_text(encoding="utf-8") if path.exists() else ""
sections = dict(re.findall(r"^## (.+)\n\n((?:(?!## ).*\n)*)", text, re.M))
sections[title] = sys.stdin.read().strip() + "\n\n"
page = "# Measured\n\n" + "".join(f"## {name}\n\n{body.strip()}\n\n" for name, body in sections.items())
path.write_text(page.rstrip() + "\n", encoding="utf-8")
