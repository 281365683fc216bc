"""A normalised conference written as schedule XML, the way FOSDEM and many others publish theirs: for round trips."""
import datetime
from xml.sax.saxutils import escape, quoteattr

NIGHT_ENDS = 6  # o'clock: what begins earlier is of the day before


def element(name, text, **attributes):
    marks = "".join(f" {k}={quoteattr(str(v))}" for k, v in attributes.items())
    return f"<{name}{marks}>{escape(text)}</{name}>" if text else f"<{name}{marks}/>"


def duration(session):
    if "end_time" not in session:
        return ""
    length = datetime.datetime.fromisoformat(session["end_time"]) - datetime.datetime.fromisoformat(session["start_time"])
    minutes = int(length.total_seconds()) // 60
    return f"{minutes // 60:02}:{minutes % 60:02}"


def event(session, names, with_date):
    start = session["start_time"]
    persons = "".join(element("person", names[i], id=i) for i in session.get("speaker_ids", []))
    parts = [element("date", start) if with_date else "", element("start", start[11:16]), element("duration", duration(session)),
             element("room", session.get("location", "")), element("url", session.get("url", "")),
             element("title", session["title"]), element("subtitle", session.get("subtitle", "")),
             element("track", session.get("track", "")), element("type", session.get("session_type", "")),
             element("language", session.get("language", "")), "<abstract/>",
             element("description", session.get("description", "")), f"<persons>{persons}</persons>", "<links/>"]
    return f"<event guid={quoteattr(session['id'])}>" + "\n".join(p for p in parts if p) + "</event>"


def schedule_xml(document, with_date):
    """with_date: every event has its whole time; else a day and a clock."""
    c = document["conference"]
    names = {s["id"]: s["name"] for s in document["speakers"]}
    days = {}
    for s in (s for s in document["sessions"] if "start_time" in s):
        start = datetime.datetime.fromisoformat(s["start_time"])
        day = (start - datetime.timedelta(hours=NIGHT_ENDS)).date().isoformat()
        days.setdefault(day, {}).setdefault(s.get("location", ""), []).append(event(s, names, with_date))
    out = ["<?xml version='1.0' encoding='UTF-8'?>", "<schedule><conference>", element("title", c["name"]),
           element("venue", c.get("venue", "")), element("city", c.get("city", "")), element("start", c["start_date"]),
           element("end", c["end_date"]), "<day_change>09:00:00</day_change>",
           element("time_zone_name", c["timezone"]), "</conference>"]
    for index, day in enumerate(sorted(days), 1):
        out.append(f'<day index="{index}" date="{day}">')
        for room, events in days[day].items():
            out += [f"<room name={quoteattr(room)}>", *events, "</room>"]
        out.append("</day>")
    return "\n".join([*out, "</schedule>"])
