#!/usr/bin/env python3
"""Writes zones.tsv: civil times of several zones as Python's zoneinfo computes them.

    python3 tests/golden/make_zones.py > tests/golden/zones.tsv

Lines:  civil  ZONE  UNIX  Y-M-DTh:m:s  WEEKDAY(0=Sunday)  OFFSET_S  ABBREVIATION
        unix   ZONE  Y-M-DTh:m:s  UNIX     (a skipped time moves forward by the gap, a repeated one is the first)
"""
import datetime as dt
import random
from zoneinfo import ZoneInfo

ZONES = ["Europe/Brussels", "Europe/London", "Europe/Dublin", "America/New_York", "America/Sao_Paulo",
         "America/St_Johns", "Asia/Kolkata", "Asia/Kathmandu", "Asia/Tokyo", "Asia/Tehran",
         "Australia/Lord_Howe", "Australia/Sydney", "Africa/Cairo", "Africa/Casablanca", "Pacific/Apia",
         "Pacific/Chatham", "America/Nuuk", "Asia/Gaza", "Etc/GMT+5", "UTC"]
# Their coming years are predictions, which every release of the time zone data revises.
PREDICTED = {"Africa/Cairo", "Africa/Casablanca", "Asia/Gaza"}
UTC = dt.timezone.utc


def civil(zone, at):
    t = dt.datetime.fromtimestamp(at, UTC).astimezone(zone)
    off = int(t.utcoffset().total_seconds())
    print("civil", zone.key, at, t.strftime("%Y-%m-%dT%H:%M:%S"), t.isoweekday() % 7, off, t.tzname(), sep="\t")


def unix(zone, t):
    at = int(t.replace(tzinfo=zone, fold=0).timestamp())
    print("unix", zone.key, t.strftime("%Y-%m-%dT%H:%M:%S"), at, sep="\t")


def changes(zone, year):
    """Unix times at which the offset changes in that year."""
    at = int(dt.datetime(year, 1, 1, tzinfo=UTC).timestamp())
    end = int(dt.datetime(year + 1, 1, 1, tzinfo=UTC).timestamp())
    off = lambda s: dt.datetime.fromtimestamp(s, UTC).astimezone(zone).utcoffset()
    while at < end:
        if off(at) != off(at + 86400):
            low, high = at, at + 86400
            while high - low > 1:
                mid = (low + high) // 2
                if off(mid) == off(low):
                    low = mid
                else:
                    high = mid
            yield high
        at += 86400


def main():
    rnd = random.Random(9636)
    for key in ZONES:
        zone = ZoneInfo(key)
        for year in (1999, 2011) if key in PREDICTED else (1999, 2011, 2025, 2026, 2044):
            start = int(dt.datetime(year, 1, 1, tzinfo=UTC).timestamp())
            points = [start + rnd.randrange(365 * 86400) for _ in range(2)]
            for c in changes(zone, year):
                points += [c - 1, c, c + 1]
                local = dt.datetime.fromtimestamp(c, UTC).astimezone(zone).replace(tzinfo=None)
                for m in (-90, -15, 0, 15, 90):
                    unix(zone, local + dt.timedelta(minutes=m))
            for p in points:
                civil(zone, p)
                unix(zone, dt.datetime.fromtimestamp(p, UTC).astimezone(zone).replace(tzinfo=None))


main()
