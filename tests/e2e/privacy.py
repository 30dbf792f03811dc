"""Looks for the addresses of volunteers wherever something is kept, shown or handed out."""

import ipaddress
import pathlib
import urllib.parse

from sightline_lab.topology import COLLECTOR_HTTP, INTERNET_NS, all_agents

# What readers can ask of the HTTP port.
READER_PATHS = ("/metrics", "/api/v1/summary?country=CN",
                "/api/v1/timeline?country=CN&target_id=whatsapp&step=14400s",
                "/api/v1/events?country=CN", "/api/v1/targets", "/api/v1/regions?country=CN",
                "/api/v1/annotations?country=CN", "/feed/CN.atom", "/healthz")


def needles(address):
    """The ways in which an address, or the block that it lies in, could stand in a file."""
    number = ipaddress.IPv4Address(address)
    block = address.rsplit(".", 1)[0] + "."
    return {
        "text": block.encode(),
        # URL-escaped and JSON-escaped text have the same characters; so has an address with a port.
        "hex": number.packed.hex().encode(),
        # A protobuf field of bytes.
        "bytes field": b"\x04" + number.packed,
        "mapped": b"\xff\xff" + number.packed,
        "network order in text": str(int(number)).encode(),
    }


class Search:
    """Collects where an address of an agent host was found."""

    def __init__(self):
        self._needles = [(host.ns, how, needle) for host in all_agents()
                         for how, needle in needles(host.address).items()]
        self.found = []
        self.bytes = 0
        self.places = []

    def look(self, place, data):
        """Looks into some bytes."""
        self.places.append(place)
        self.bytes += len(data)
        for host, how, needle in self._needles:
            at = data.find(needle)
            # "30.11.1." in "130.11.1.5" is another address.
            while at > 0 and how == "text" and data[at - 1:at].isdigit():
                at = data.find(needle, at + 1)
            if at >= 0:
                around = data[max(0, at - 60):at + 60]
                self.found.append(f"{place}: {how} of {host} at byte {at}: {around!r}")

    def look_at_files(self, folder, pattern):
        """Looks into the files of a folder; there must be some."""
        files = [path for path in pathlib.Path(folder).rglob(pattern) if path.is_file()]
        if not files:
            raise AssertionError(f"nothing to look at: {folder}/{pattern}")
        for path in sorted(files):
            self.look(str(path.relative_to(folder.parent)), path.read_bytes())


_FETCH = ("import sys, urllib.request\n"
          "sys.stdout.write(urllib.request.urlopen(sys.argv[1], timeout=20).read().decode())")


def _http(lab, path):
    url = f"http://{':'.join(map(str, COLLECTOR_HTTP))}{path}"
    done = lab.exec(INTERNET_NS, ["/usr/bin/python3", "-c", _FETCH, url])
    if done.returncode != 0:
        raise AssertionError(f"{path}: {done.stderr} {done.stdout[:300]}")
    return done.stdout.encode()


def _exports(lab):
    store = f"sqlite:{lab.directory / 'collector.db'}"
    for word in ("sightline", "ooni", "cells-csv"):
        path = lab.directory / f"privacy.{word}"
        done = lab.exec(INTERNET_NS, [str(lab.bin / "sightline"), "export", "--store", store,
                                      "--as", word, str(path)])
        if done.returncode != 0:
            raise AssertionError(f"export --as {word}: {done.stderr}")
        yield f"export --as {word}", path.read_bytes()


def search(lab):
    """Looks at store, logs, metrics, readers' answers, exports and the agents' folders."""
    result = Search()
    result.look_at_files(lab.directory, "collector.db*")
    result.look_at_files(lab.directory / "logs", "*.log")
    result.look_at_files(lab.directory / "agents", "*")
    for path in READER_PATHS:
        result.look(urllib.parse.urlsplit(path).path, _http(lab, path))
    for place, data in _exports(lab):
        result.look(place, data)
    done = lab.exec(INTERNET_NS, [str(lab.bin / "sightline"), "agents", "--admin",
                                  str(lab.directory / "admin.sock"), "--format", "json"])
    result.look("agents", done.stdout.encode())
    return result
