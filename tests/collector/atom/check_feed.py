#!/usr/bin/python3
"""Reads a feed as a news reader would: check_feed.py FILE prints what RFC 4287 asks for and is not there.

Prints the ids of the entries, one a line, when nothing is wrong; else what is, with exit status 1.
"""

import datetime
import sys
import xml.etree.ElementTree

ATOM = "{http://www.w3.org/2005/Atom}"


def texts(element, name):
    return [child.text or "" for child in element.findall(ATOM + name)]


def check(element, what, problems):
    """What feed and entry both must have (RFC 4287, 4.1.1 and 4.1.2)."""
    for name in ("id", "title", "updated"):
        if len(texts(element, name)) != 1 or not texts(element, name)[0]:
            problems.append(f"{what}: needs one {name}")
            return
    if not texts(element, "id")[0].startswith(("urn:uuid:", "tag:")):
        problems.append(f"{what}: the id is no absolute IRI of a kind that never changes")
    for name in ("updated", "published"):
        for text in texts(element, name):
            try:
                datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ")
            except ValueError:
                problems.append(f"{what}: {name} is {text!r}")
    for link in element.findall(ATOM + "link"):
        if not link.get("href", "").startswith("https://"):
            problems.append(f"{what}: a link leads to {link.get('href')!r}")


def main():
    feed = xml.etree.ElementTree.parse(sys.argv[1]).getroot()
    problems = []
    if feed.tag != ATOM + "feed":
        problems.append(f"the root is {feed.tag}")
    check(feed, "feed", problems)
    if not [author for author in feed.findall(ATOM + "author") if texts(author, "name") != [""]]:
        problems.append("feed: needs an author with a name")
    if "self" not in [link.get("rel") for link in feed.findall(ATOM + "link")]:
        problems.append("feed: should link to itself")
    entries = feed.findall(ATOM + "entry")
    for entry in entries:
        check(entry, "entry", problems)
        if "alternate" not in [link.get("rel") for link in entry.findall(ATOM + "link")]:
            problems.append("entry: needs content or an alternate link")
        if len(texts(entry, "summary")) > 1:
            problems.append("entry: has two summaries")
    ids = [texts(entry, "id")[0] for entry in entries]
    if len(set(ids)) != len(ids):
        problems.append("two entries have one id")
    times = [texts(entry, "updated")[0] for entry in entries]
    if times and (times != sorted(times, reverse=True) or texts(feed, "updated")[0] != times[0]):
        problems.append("feed: updated is not that of the newest entry, which comes first")
    for line in problems or ids:
        print(line)
    sys.exit(1 if problems else 0)


main()
