#!/usr/bin/env python3
"""Checks a conference in the normalised shape (docs/data-format.md) for consistency.

    check_conference.py conference.json [--questions questions.json] [--counts sessions=110-130,...]
    check_conference.py conference.json --self-test
    check_conference.py docs/data-format.md

Prints one sentence per fault and exits 1 if there is any, 2 when the arguments are wrong.
--self-test breaks a copy of the file in every way listed at the end and fails unless each is found.
"""
import argparse
import copy
import json
import re
import sys
import uuid
from collections import defaultdict
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

TEXT, LIST, TEXT_OR_LIST, INT = "a string", "a list of strings", "a string or a list of strings", "an integer"
NAME_OF = {"sessions": "title", "speakers": "name", "exhibitors": "name"}
FACETS = {
    "sessions": "topic themes category learning_outcomes takeaways skills_gained target_audience experience_level "
    "ideal_attendee industries case_study_industries practical_skills examples format prerequisites "
    "speaker_expertise speaker_background",
    "speakers": "expertise specializations background previous_roles topics audience_value takeaways interests "
    "discussion_topics open_to",
    "exhibitors": "products services value_proposition target_audience ideal_customer use_cases technologies "
    "specializations experience_areas industries verticals demos topics booth_activities",
}
PLAIN = {
    "sessions": {
        "title": TEXT, "subtitle": TEXT, "description": TEXT, "track": TEXT, "session_type": TEXT, "start_time": TEXT,
        "end_time": TEXT, "location": TEXT, "speaker_ids": LIST, "speaker_names": LIST, "level": TEXT,
        "language": TEXT, "tags": LIST, "capacity": INT, "url": TEXT,
    },
    "speakers": {"name": TEXT, "title": TEXT, "company": TEXT, "bio": TEXT, "session_ids": LIST, "url": TEXT},
    "exhibitors": {
        "name": TEXT, "booth_number": TEXT, "category": TEXT, "tier": TEXT, "description": TEXT, "website": TEXT,
        "availability": TEXT,
    },
}
QUESTION_TYPES = {"name", "topic", "exhibitor", "speaker", "time_place", "info"}
NO_ROOM_CLASH = {"break"}
LATEST_END_AFTER_LAST_DAY = timedelta(hours=6)


class Faults(list):
    def add(self, where, sentence):
        self.append(f"{where}: {sentence}")


def has_type(value, kind):
    if kind == INT:
        return isinstance(value, int) and not isinstance(value, bool)
    text = isinstance(value, str) and value.strip() != ""
    words = isinstance(value, list) and value and all(isinstance(v, str) and v.strip() for v in value)
    return (text and kind != LIST) or (words and kind != TEXT)


def is_uuid(value):
    try:
        return isinstance(value, str) and str(uuid.UUID(value)) == value
    except ValueError:
        return False


def instant(record, field, zone, where, faults):
    """The field's instant, or None. A time without an offset is venue time."""
    if field not in record:
        return None
    try:
        when = datetime.fromisoformat(record[field])
    except (TypeError, ValueError):
        faults.add(where, f"{field} is {record[field]!r}, not an ISO 8601 date and time.")
        return None
    if when.tzinfo is None:
        return when.replace(tzinfo=zone)
    expected = when.astimezone(zone).utcoffset()
    if when.utcoffset() != expected:
        faults.add(where, f"{field} has the offset {when.utcoffset()}, the venue's is {expected}.")
    return when


def check_conference(conference, faults):
    """Checks the conference's own fields; returns (zone, first day, last day), or None without them."""
    if not is_uuid(conference.get("id")):
        faults.add("conference", f"id is {conference.get('id')!r}, not a lower-case UUID.")
    if not has_type(conference.get("name"), TEXT):
        faults.add("conference", "name is missing or empty.")
    for key, text in conference.get("info", {}).items():
        if not re.fullmatch(r"[a-z0-9_]{1,64}", key):
            faults.add("conference.info", f"key {key!r} is not made of a-z, 0-9 and _.")
        if not has_type(text, TEXT):
            faults.add(f"conference.info.{key}", "is not a non-empty string.")
    try:
        zone = ZoneInfo(conference.get("timezone"))
        first = date.fromisoformat(conference.get("start_date"))
        last = date.fromisoformat(conference.get("end_date"))
    except Exception as reason:
        faults.add("conference", f"timezone, start_date or end_date cannot be read: {reason}.")
        return None
    if last < first:
        faults.add("conference", f"end_date {last} is before start_date {first}.")
    return zone, first, last


def check_rooms(conference, faults):
    """Returns the set of room names, empty when the file lists none."""
    spoken = {}
    for room in conference.get("rooms", []):
        name = room.get("name")
        if not has_type(name, TEXT):
            faults.add("conference.rooms", "a room has no name.")
            continue
        for word in {name, room.get("code", name), *room.get("aliases", [])}:
            other = spoken.setdefault(word.casefold(), name)
            if other != name:
                faults.add("conference.rooms", f"{word!r} stands for both {other!r} and {name!r}.")
    return {room.get("name") for room in conference.get("rooms", [])}


def check_records(kind, records, faults):
    seen = {}
    kinds = {**PLAIN[kind], **{field: TEXT_OR_LIST for field in FACETS[kind].split()}}
    for n, record in enumerate(records):
        title = record.get(NAME_OF[kind])
        where = f"{kind}[{n}] {title!r}"
        key = record.get("id")
        if not isinstance(key, str) or not 0 < len(key.encode()) <= 64:
            faults.add(where, f"id is {key!r}, not a string of 1 to 64 bytes.")
        elif key in seen:
            faults.add(where, f"has the same id as {seen[key]}.")
        else:
            seen[key] = where
        if title is None:
            faults.add(where, f"{NAME_OF[kind]} is missing.")
        for field, expected in kinds.items():
            if field in record and not has_type(record[field], expected):
                faults.add(where, f"{field} is {record[field]!r}; it must be {expected} and not empty.")


def check_links(doc, faults):
    """Either side of a link is enough; where both are given they must agree."""
    sessions = {s.get("id"): s for s in doc["sessions"]}
    speakers = {p.get("id"): p for p in doc["speakers"]}
    for session in doc["sessions"]:
        where = f"session {session.get('title')!r}"
        ids, names = session.get("speaker_ids", []), session.get("speaker_names", [])
        if len(set(ids)) != len(ids):
            faults.add(where, "names a speaker twice.")
        for key in ids:
            if key not in speakers:
                faults.add(where, f"speaker_ids names {key}, which is no speaker.")
            elif session["id"] not in speakers[key].get("session_ids", [session["id"]]):
                faults.add(where, f"is missing in session_ids of {speakers[key]['name']!r}.")
        if ids and names and [speakers[key]["name"] for key in ids if key in speakers] != names:
            faults.add(where, "speaker_names are not the names of speaker_ids, in that order.")
    speaking = {key for session in doc["sessions"] for key in session.get("speaker_ids", [])}
    for speaker in doc["speakers"]:
        where = f"speaker {speaker.get('name')!r}"
        if not speaker.get("session_ids") and speaker["id"] not in speaking:
            faults.add(where, "has no session.")
        for key in speaker.get("session_ids", []):
            if key not in sessions:
                faults.add(where, f"session_ids names {key}, which is no session.")
            elif speaker["id"] not in sessions[key].get("speaker_ids", [speaker["id"]]):
                faults.add(where, f"is missing in speaker_ids of {sessions[key]['title']!r}.")


def check_overlaps(busy, what, faults):
    for owner, spans in busy.items():
        spans.sort()
        latest = None
        for span in spans:
            if latest and span[0] < latest[1]:
                faults.add(f"{what} {owner!r}", f"has {latest[2]!r} and {span[2]!r} at once ({span[0]:%a %H:%M}).")
            if not latest or span[1] > latest[1]:
                latest = span


def check_programme(doc, frame, rooms, faults):
    zone, first, last = frame
    opens = datetime.combine(first, time(), zone)
    closes = datetime.combine(last + timedelta(days=1), time(), zone) + LATEST_END_AFTER_LAST_DAY
    by_room, by_speaker = defaultdict(list), defaultdict(list)
    for session in doc["sessions"]:
        where = f"session {session.get('title')!r}"
        start = instant(session, "start_time", zone, where, faults)
        end = instant(session, "end_time", zone, where, faults)
        location = session.get("location")
        if rooms and location and location not in rooms:
            faults.add(where, f"location {location!r} is not one of conference.rooms.")
        if end and not start:
            faults.add(where, "has an end_time and no start_time.")
        if start and not opens <= start <= closes:
            faults.add(where, f"starts {start:%Y-%m-%d %H:%M}, outside {first} to {last}.")
        if end and end > closes:
            faults.add(where, f"ends {end:%Y-%m-%d %H:%M}, after the conference.")
        if not start or not end:
            continue
        if end <= start:
            faults.add(where, f"ends at {end:%H:%M}, not after its start at {start:%H:%M}.")
            continue
        span = (start, end, session.get("title"))
        if location and session.get("session_type") not in NO_ROOM_CLASH:
            by_room[location].append(span)
        for key in session.get("speaker_ids", []):
            by_speaker[key].append(span)
    names = {p.get("id"): p.get("name") for p in doc["speakers"]}
    check_overlaps(by_room, "room", faults)
    check_overlaps({names.get(key, key): spans for key, spans in by_speaker.items()}, "speaker", faults)


def check_booths(doc, faults):
    taken = {}
    for exhibitor in doc["exhibitors"]:
        booth = exhibitor.get("booth_number")
        if booth and taken.setdefault(booth, exhibitor["name"]) != exhibitor["name"]:
            faults.add(f"booth {booth}", f"is given to both {taken[booth]!r} and {exhibitor['name']!r}.")


def check_counts(doc, wanted, faults):
    for kind, (low, high) in wanted.items():
        found = len(doc["conference"].get("info", {}) if kind == "info" else doc[kind])
        if not low <= found <= high:
            faults.add("counts", f"there are {found} {kind}, not {low} to {high}.")


def check_document(doc, wanted):
    faults = Faults()
    if not isinstance(doc.get("conference"), dict):
        faults.add("top level", "conference is missing or not an object.")
    for kind in NAME_OF:
        records = doc.setdefault(kind, [])
        if not isinstance(records, list) or not all(isinstance(r, dict) for r in records):
            faults.add("top level", f"{kind} is not a list of objects.")
    if faults:
        return faults
    frame = check_conference(doc["conference"], faults)
    rooms = check_rooms(doc["conference"], faults)
    for kind in NAME_OF:
        check_records(kind, doc[kind], faults)
    if not any(" id is " in fault for fault in faults):
        check_links(doc, faults)
    if frame:
        check_programme(doc, frame, rooms, faults)
    check_booths(doc, faults)
    check_counts(doc, wanted, faults)
    return faults


def check_questions(questions, doc):
    faults, seen = Faults(), set()
    ids = {kind: {r["id"] for r in doc[kind]} for kind in NAME_OF}
    anything = set().union(*ids.values())
    for question in questions:
        where = f"question {question.get('id')!r}"
        if question.get("id") in seen:
            faults.add(where, "this id is used twice.")
        seen.add(question.get("id"))
        if not has_type(question.get("question"), TEXT):
            faults.add(where, "has no question.")
        if question.get("type") not in QUESTION_TYPES:
            faults.add(where, f"type {question.get('type')!r} is not one of {sorted(QUESTION_TYPES)}.")
        pool = ids.get(question.get("entity_type"), anything)
        for judged in question.get("relevant", []):
            if judged.get("id") not in pool:
                faults.add(where, f"judges {judged.get('id')}, which is not in {question.get('entity_type')}.")
            if judged.get("grade") not in (1, 2, 3):
                faults.add(where, f"has the grade {judged.get('grade')!r}; 1, 2 and 3 are accepted.")
        judged = [r.get("id") for r in question.get("relevant", []) + question.get("also_relevant", [])]
        if len(set(judged)) != len(judged):
            faults.add(where, "judges a record twice.")
        for other in question.get("also_relevant", []):
            if other.get("id") not in anything:
                faults.add(where, f"also_relevant names {other.get('id')}, which is no record.")
        expect = question.get("expect")
        if expect not in (None, "info", "none"):
            faults.add(where, f"expect is {expect!r}; info, none or nothing are accepted.")
        if (expect is None) == (not question.get("relevant")):
            faults.add(where, "must have either relevant records or an expect, and not both.")
        if (expect == "info") != bool(question.get("info_keys")):
            faults.add(where, "info_keys go with expect info, and only with it.")
        for key in question.get("info_keys", []):
            if key not in doc["conference"]["info"]:
                faults.add(where, f"info_keys names {key!r}, which conference.info has not.")
        if "now" in question and datetime.fromisoformat(question["now"]).tzinfo is None:
            faults.add(where, "now has no offset.")
    return faults


def first_with(doc, kind, field):
    return next(r for r in doc[kind] if r.get(field))


def sample_breakages():
    """(what is broken, how, a pattern of the sentence that must come)"""

    def same_room(doc):
        a, b = [s for s in doc["sessions"] if s.get("session_type") == "talk" and s.get("location")][:2]
        b.update({f: a[f] for f in ("location", "start_time", "end_time")})

    def same_speaker(doc):
        a = first_with(doc, "sessions", "speaker_ids")
        twin = {**a, "id": "twin", "location": doc["conference"]["rooms"][-1]["name"]}
        doc["sessions"].append(twin)
        for speaker in doc["speakers"]:
            if speaker["id"] in a["speaker_ids"]:
                speaker["session_ids"].append("twin")

    def same_booth(doc):
        a, b = [x for x in doc["exhibitors"] if x.get("booth_number")][:2]
        b["booth_number"] = a["booth_number"]

    def same_alias(doc):
        a, b = doc["conference"]["rooms"][:2]
        b["aliases"] = [a["name"].upper()]

    def change(kind, field, value):
        return lambda doc: first_with(doc, kind, field).update({field: value})

    return [
        ("an id used twice", lambda d: d["sessions"][1].update(id=d["sessions"][0]["id"]), "same id"),
        ("an empty id", lambda d: d["speakers"][0].update(id=""), "1 to 64 bytes"),
        ("a conference id that is no UUID", lambda d: d["conference"].update(id="x"), "UUID"),
        ("an unknown time zone", lambda d: d["conference"].update(timezone="Mars/Base"), "timezone"),
        ("dates in the wrong order", lambda d: d["conference"].update(end_date="2020-01-01"), "before start_date"),
        ("a missing title", lambda d: d["sessions"][0].pop("title"), "title is missing"),
        ("an unknown speaker", change("sessions", "speaker_ids", ["nobody"]), "which is no speaker"),
        ("an unknown session", change("speakers", "session_ids", ["nothing"]), "which is no session"),
        ("a wrong speaker name", change("sessions", "speaker_names", ["Nobody"]), "speaker_names"),
        ("a time that is none", change("sessions", "start_time", "noon"), "ISO 8601"),
        ("a wrong offset", change("sessions", "start_time", "2027-05-20T09:00:00-05:00"), "the venue's is"),
        ("a session after the conference", change("sessions", "start_time", "2031-01-01T09:00:00"), "outside"),
        ("an end before the start", change("sessions", "end_time", "2027-05-20T00:01:00+02:00"), "not after its start"),
        ("an unlisted room", change("sessions", "location", "Attic"), "conference.rooms"),
        ("two sessions in one room", same_room, "room .* at once"),
        ("a speaker in two rooms", same_speaker, "speaker .* at once"),
        ("links that disagree", lambda d: first_with(d, "speakers", "session_ids")["session_ids"].pop(), "is missing in"),
        ("a booth given twice", same_booth, "is given to both"),
        ("a list with a number", change("sessions", "tags", ["a", 7]), "tags is"),
        ("an alias of two rooms", same_alias, "stands for both"),
        ("too few sessions", lambda d: d["sessions"].clear(), "there are 0 sessions"),
        ("speakers that are no list", lambda d: d.update(speakers={}), "speakers is not a list"),
    ]


def self_test(doc):
    missed = 0
    for what, how, pattern in sample_breakages():
        broken = copy.deepcopy(doc)
        how(broken)
        if not any(re.search(pattern, fault) for fault in check_document(broken, {"sessions": (1, 10**6)})):
            print(f"check_conference: {what} was not found.")
            missed += 1
    return missed


def read_document(path):
    """A .json file, or the first JSON example of a .md file."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if path.endswith(".md"):
        example = re.search(r"^```json\n(.*?)^```", text, re.S | re.M)
        if not example:
            raise ValueError(f"{path} has no JSON example")
        text = example[1]
    return json.loads(text)


def read_counts(text):
    wanted = {}
    for part in filter(None, text.split(",")):
        match = re.fullmatch(r"(sessions|speakers|exhibitors|info)=(\d+)-(\d+)", part)
        if not match:
            raise argparse.ArgumentTypeError(f"{part!r} is not of the form sessions=110-130")
        wanted[match[1]] = (int(match[2]), int(match[3]))
    return wanted


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("conference")
    parser.add_argument("--questions")
    parser.add_argument("--counts", type=read_counts, default={})
    parser.add_argument("--self-test", action="store_true")
    args = parser.parse_args()
    try:
        doc = read_document(args.conference)
        questions = read_document(args.questions) if args.questions else []
    except (OSError, ValueError) as reason:
        print(f"check_conference: {reason}.")
        return 1
    faults = check_document(doc, args.counts)
    if questions and not faults:
        faults += check_questions(questions, doc)
    for fault in faults:
        print(fault)
    missed = self_test(doc) if args.self_test and not faults else 0
    print(
        f"check_conference: {len(doc.get('sessions', []))} sessions, {len(doc.get('speakers', []))} speakers, "
        f"{len(doc.get('exhibitors', []))} exhibitors, {len(questions)} questions, {len(faults)} faults."
    )
    return 1 if faults or missed else 0


if __name__ == "__main__":
    sys.exit(main())
