"""What tests/bench/ingest measures, one function each: yields (name, value, unit) as it goes.

A name may come several times; the bounds and the table are in tests/bench/ingest.
"""

import dataclasses
import pathlib
import time

from bench_measure import MemoryPeak, cpu_s, memory
from bench_world import BenchError
from ingest_world import (STORES, Collector, LagWatch, Tools, enroll, fresh_store,
                          raise_file_limit)

HOSTILE = ("huge", "tiny", "tiny-enrolled", "replay", "slow-reader", "no-hello", "bad-hello",
           "bad-signature")
HTTP_HARM = ("headers", "bodies", "slow", "paths", "crowd", "deaf", "fast")
# Agents of the big folder that hostile streams are of; the others are honest.
HOSTILE_AGENTS = 16
HOSTILE_STREAMS = 32


@dataclasses.dataclass(frozen=True)
class Size:
    """How much of everything."""

    big_agents: int = 64
    big_batches: int = 640  # Of 256 results: 10.5 million in all.
    small_batches: int = 2048  # Of 32 results: 4.2 million in all.
    long_batches: int = 4096
    crowd: int = 10_400  # Agents with one batch each.
    baseline_rows: int = 1_500_000
    streams: int = 32
    idle: int = 10_000
    session_rate: int = 170
    session_s: int = 60
    steady_s: float = 10  # One phase of a comparison.
    honest_rate: int = 200
    read_rate: int = 500
    http_crowd: int = 10_000
    quick: bool = False


QUICK = Size(big_agents=32, big_batches=48, small_batches=48, long_batches=96, crowd=320, baseline_rows=100_000,
             streams=8, idle=200, session_rate=50, session_s=2, steady_s=0.8, honest_rate=50, read_rate=50, http_crowd=500,
             quick=True)


class Bench:
    """The prepared folders and what measuring needs. `folder` is empty and ours."""

    def __init__(self, tools, folder, size):
        self.tools = tools
        self.folder = pathlib.Path(folder)
        self.size = size
        self._made = {}

    def data(self, name):
        """A prepared folder: big (256 results a batch), small (32), long (32, more of them), crowd
        (32, same plan as small)."""
        if name not in self._made:
            size, path = self.size, self.folder / name
            shape = {"big": (size.big_agents, size.big_batches, 256),
                     "small": (size.big_agents, size.small_batches, 32),
                     "long": (size.big_agents, size.long_batches, 32),
                     "crowd": (size.crowd, 1, 32)}[name]
            arguments = ["--plan-of", self.data("small")] if name == "crowd" else []
            self._made[name] = self.tools.load(
                "prepare", "--out", path, "--agents", shape[0], "--batches", shape[1], "--results",
                shape[2], *arguments)
        return self.folder / name

    def made(self, name):
        """What `prepare` said of a folder."""
        self.data(name)
        return self._made[name]

    def stores(self, when_quick):
        """Kinds of store to measure: all of them, unless it is only to be seen that it runs."""
        return (when_quick,) if self.size.quick else STORES

    def collector(self, url, data):
        """A collector on a store, in a `with`."""
        return Collector(self.tools, url, data, self.folder)

    def run(self, collector, data, *arguments):
        """`sightline-load run` to its end; its report."""
        return self.tools.load("run", "--data", data, "--collector", collector.address, *arguments)


def expect_clean(report, what):
    """Fails when an honest run was refused anything or lost something."""
    if report["refusals"] or report["errors"] or report["sessions_failed"] or report["left"]:
        raise BenchError(f"{what}: refusals {report['refusals']}, errors {report['errors']}, "
                         f"{report['sessions_failed']} sessions failed, {report['left']} left over")


def baseline(bench):
    """Rows per second of COPY into a fresh server."""
    with fresh_store("postgresql", bench.folder) as url:
        return bench.tools.load("copy-baseline", "--data", bench.data("big"), "--url", url,
                                "--rows", bench.size.baseline_rows)["rows_per_s"]


def ingest_all(bench, collector, data, *arguments):
    """Sends everything that is prepared; the report, and the seconds until it was folded."""
    report = bench.run(collector, data, "--streams", bench.size.streams, *arguments)
    expect_clean(report, "ingest")
    folded = collector.wait_folded(report["batches"])
    seconds = report["seconds"]
    if folded is not None:
        seconds += max(0, folded - report["last_ack_unix_s"])
    return report, seconds


def throughput(bench):
    """Full load until everything is acknowledged and folded, against COPY just before."""
    rows_per_s = None
    for kind in STORES:
        for name, per_batch in (("big", 256), ("small", 32)):
            data = bench.data(name)
            if rows_per_s is None or not bench.size.quick:
                rows_per_s = baseline(bench)
            with fresh_store(kind, bench.folder) as url:
                enroll(bench.tools, url, data)
                with bench.collector(url, data) as collector:
                    before = cpu_s(collector.pid)
                    with LagWatch(collector) as lag:
                        report, seconds = ingest_all(bench, collector, data)
                    used = cpu_s(collector.pid) - before
            what = f"{kind}, {per_batch} a batch"
            results_per_s = report["results"] / seconds
            yield "baseline COPY", rows_per_s / 1e6, "M rows/s"
            yield f"{what}", results_per_s / 1e6, "M results/s"
            yield f"{what}: ratio to COPY", results_per_s / rows_per_s, "x"
            yield f"{what}: ack p50", report["ack"]["p50_ms"], "ms"
            yield f"{what}: collector CPU", used / report["results"] * 1e6, "s/M results"
            if lag.largest is not None:
                yield f"{what}: fold lag, largest", lag.largest, "s"


def single(bench):
    """One stream, one batch in flight."""
    data = bench.data("big")
    for kind in bench.stores("postgresql"):
        with fresh_store(kind, bench.folder) as url:
            enroll(bench.tools, url, data)
            with bench.collector(url, data) as collector:
                report = bench.run(collector, data, "--streams", 1, "--window", 1, "--seconds",
                                   bench.size.steady_s)
        expect_clean(report, "one stream")
        yield f"{kind}, one in flight: ack p50", report["ack"]["p50_ms"], "ms"
        yield f"{kind}, one in flight: ack p99", report["ack"]["p99_ms"], "ms"


def idle(bench):
    """Many silent streams: what each costs, and what they do to the others."""
    raise_file_limit(bench.size.idle + 1000)
    small, crowd = bench.data("small"), bench.data("crowd")
    third = bench.size.big_agents // 3

    def busy(part):
        report = bench.run(collector, small, "--first-agent", part * third, "--agents", third,
                           "--streams", bench.size.streams, "--seconds", bench.size.steady_s)
        expect_clean(report, "ingest with and without idle streams")
        return report["results_per_s"] / 1e6

    with fresh_store("sqlite", bench.folder) as url:
        enroll(bench.tools, url, small, crowd)
        with bench.collector(url, small) as collector:
            before = busy(0)
            rss = memory(collector.pid).rss
            process = bench.tools.start_load("run", "--data", crowd, "--collector",
                                             collector.address, "--streams", 0, "--idle-streams",
                                             bench.size.idle)
            try:
                line = process.stderr.readline()
                if "said hello" not in line:
                    raise BenchError(f"idle streams: {line}{process.stderr.read()}")
                each_kb = (memory(collector.pid).rss - rss) * 1000 / bench.size.idle
                beside = busy(1)
            finally:
                process.terminate()
            report = bench.tools.finish(process)
            after = busy(2)
    if report["idle_ready"] != bench.size.idle or report["idle_lost"]:
        raise BenchError(f"idle streams: {report}")
    yield f"{bench.size.idle} idle streams: memory each", each_kb, "KB"
    # The log grows meanwhile: compare with the mean of before and after.
    without = (before + after) / 2
    yield "ingest without idle streams", without, "M results/s"
    yield "ingest beside idle streams", beside, "M results/s"
    yield "ingest beside idle streams: ratio", beside / without, "x"


def sessions(bench):
    """Agents that connect, hand in one batch and leave, at a fixed rate."""
    crowd = bench.data("crowd")
    raise_file_limit(4096)
    for kind in bench.stores("postgresql"):
        with fresh_store(kind, bench.folder) as url:
            enroll(bench.tools, url, crowd)
            with bench.collector(url, crowd) as collector:
                before = cpu_s(collector.pid)
                report = bench.run(collector, crowd, "--streams", 2000, "--batches-per-session", 1,
                                   "--rate", bench.size.session_rate, "--seconds",
                                   bench.size.session_s)
                used = cpu_s(collector.pid) - before
        what = f"{kind}, {bench.size.session_rate} sessions/s"
        refused = sum(report["refusals"].values()) + sum(report["errors"].values())
        yield f"{what}: done", report["session"]["count"], ""
        yield f"{what}: refused or failed", max(refused, report["sessions_failed"]), ""
        yield f"{what}: p50", report["session"]["p50_ms"], "ms"
        yield f"{what}: p99", report["session"]["p99_ms"], "ms"
        yield f"{what}: collector CPU each", used / max(1, report["session"]["count"]) * 1e3, "ms"


def restart(bench):
    """SIGKILL with everything in the log; how long until it serves again."""
    data = bench.data("big")
    for kind in bench.stores("sqlite"):
        with fresh_store(kind, bench.folder) as url:
            enroll(bench.tools, url, data)
            with bench.collector(url, data) as collector:
                report, _ = ingest_all(bench, collector, data)
                collector.kill()
                started = time.time()
                collector.start()
                ready = bench.tools.load("await", "--data", data, "--collector", collector.address,
                                         "--since", f"{started:.6f}", "--country", "CN")
        what = f"{kind}, restart with {report['results'] / 1e6:.1f} M results"
        yield f"{what}: serving", ready["serving_s"], "s"
        yield f"{what}: summary", ready["summary_s"], "s"


def beside_harm(bench, collector, mode, honest):
    """Honest agents beside one kind of harm: both reports, and the memory that came on top."""
    data = bench.data("big")
    rss = memory(collector.pid).rss
    with MemoryPeak(collector.pid) as peak:
        # The harm has machines of its own in life, and it lasts as long as the honest load.
        process = bench.tools.start_load(
            "hostile", mode, "--data", data, "--collector", collector.address, "--streams",
            HOSTILE_STREAMS, "--first-agent", bench.size.big_agents - HOSTILE_AGENTS, "--seconds",
            bench.size.steady_s * 1.25 + 0.3, nice=19)
        report = bench.run(collector, data, *honest)
        harm = bench.tools.finish(process)
    return report, harm, max(0, peak.peak.rss - rss)


def hostile(bench):
    """Honest agents at a steady rate, alone and beside each kind of harm."""
    raise_file_limit(4096)
    data, seconds = bench.data("big"), bench.size.steady_s
    skip = seconds / 4
    honest = ["--streams", 16, "--window", 64, "--agents", bench.size.big_agents - HOSTILE_AGENTS,
              "--rate", bench.size.honest_rate, "--skip-s", skip, "--seconds", seconds + skip]
    # A fresh collector for each, so that one does not pay for another's memory.
    groups = [HOSTILE] if bench.size.quick else [(mode,) for mode in HOSTILE]
    for kind in bench.stores("sqlite"):
        for group in groups:
            with fresh_store(kind, bench.folder) as url:
                enroll(bench.tools, url, data)
                with bench.collector(url, data) as collector:
                    alone = bench.run(collector, data, *honest)
                    results = {mode: beside_harm(bench, collector, mode, honest) for mode in group}
            expect_clean(alone, "honest agents alone")
            p99 = alone["ack"]["p99_ms"]
            for mode, (beside, harm, added) in results.items():
                what = f"{kind}, {mode}"
                failed = beside["sessions_failed"] + sum(beside["refusals"].values())
                yield f"{what}: honest sessions ended", failed, ""
                yield f"{what}: messages/s", harm["messages_per_s"], "/s"
                yield f"{what}: memory added, peak", added, "MB"
                yield f"{what}: honest ack p99 alone", p99, "ms"
                yield f"{what}: honest ack p99 beside", beside["ack"]["p99_ms"], "ms"
                yield f"{what}: ratio of p99", beside["ack"]["p99_ms"] / p99, "x"


def half_of_limit(bench, collector, data):
    """Batches a second that are half of what goes at full speed, of the first third of the agents."""
    report = bench.run(collector, data, "--streams", bench.size.streams, "--agents",
                       bench.size.big_agents // 3, "--seconds", bench.size.steady_s / 2)
    expect_clean(report, "full speed")
    collector.wait_folded(report["batches"])
    return report["batches"] / report["seconds"] / 2


def beside_ingest(bench, collector, data, rate, body):
    """What `body` returns while agents send at that rate, and their report."""
    third = bench.size.big_agents // 3
    process = bench.tools.start_load(
        "run", "--data", data, "--collector", collector.address, "--streams", bench.size.streams,
        "--first-agent", third, "--rate", rate, "--seconds", bench.size.steady_s + 2)
    try:
        result = body()
    finally:
        report = bench.tools.finish(process)
    return result, report


def reading(bench):
    """Readers at a fixed rate, on a month of history, while ingest runs at half of its limit."""
    data, seconds = bench.data("long"), bench.size.steady_s / 2
    for kind in bench.stores("sqlite"):
        with fresh_store(kind, bench.folder) as url:
            enroll(bench.tools, url, data)
            bench.tools.load("history", "--data", data, "--store", url, "--days",
                             2 if bench.size.quick else 30)
            with bench.collector(url, data) as collector:
                bench.tools.load("await", "--data", data, "--collector", collector.address,
                                 "--country", "CN")
                rate = half_of_limit(bench, collector, data)

                def read(call, *arguments):
                    return bench.tools.load("read", call, "--data", data, "--collector",
                                            collector.address, "--rate", bench.size.read_rate,
                                            "--target", "target5", "--seconds", seconds, *arguments)

                (summary, timeline), ingest = beside_ingest(
                    bench, collector, data, rate, lambda: (read("summary"), read("timeline")))
                columns = read("timeline", "--columns", "scopes,regions.states")
        if ingest["refusals"] or ingest["errors"] or ingest["sessions_failed"]:
            raise BenchError(f"ingest beside readers: {ingest}")
        what = f"{kind}, {bench.size.read_rate} reads/s beside {rate:.0f} batches/s"
        for report in (summary, timeline, columns):
            if report["failed"]:
                raise BenchError(f"readers: {report}")
        yield f"{what}: GetSummary p50", summary["summary"]["p50_ms"], "ms"
        yield f"{what}: GetSummary p99", summary["summary"]["p99_ms"], "ms"
        yield f"{what}: GetTimeline p50", timeline["timeline"]["p50_ms"], "ms"
        yield f"{what}: GetTimeline p99", timeline["timeline"]["p99_ms"], "ms"
        yield f"{what}: ack p99 meanwhile", ingest["ack"]["p99_ms"], "ms"
        yield f"{what}: batches that fell behind", ingest["left"], ""
        yield f"{kind}, GetSummary: size", summary["bytes"] / 1000, "KB"
        yield f"{kind}, GetTimeline: size", timeline["bytes"] / 1000, "KB"
        yield f"{kind}, two columns without ingest: p99", columns["timeline"]["p99_ms"], "ms"


def watched(collector, body):
    """What `body` returns, and by how much the collector's memory grew meanwhile, at most."""
    rss = memory(collector.pid).rss
    with MemoryPeak(collector.pid) as peak:
        result = body()
    return result, max(0, peak.peak.rss - rss)


def http(bench):
    """Honest agents at a steady rate, alone and beside each kind of harm to the HTTP port."""
    raise_file_limit(bench.size.http_crowd + 2000)
    data, seconds = bench.data("big"), bench.size.steady_s
    skip = seconds / 4
    honest = ["--streams", 16, "--window", 64, "--rate", bench.size.honest_rate, "--skip-s", skip,
              "--seconds", seconds + skip]
    groups = [HTTP_HARM] if bench.size.quick else [(mode,) for mode in HTTP_HARM]
    for group in groups:
        with fresh_store("sqlite", bench.folder) as url:
            enroll(bench.tools, url, data)
            bench.tools.load("history", "--data", data, "--store", url, "--days", 2)
            with bench.collector(url, data) as collector:
                bench.run(collector, data, *honest)  # Until its memory is what work needs.
                alone, grown = watched(collector, lambda: bench.run(collector, data, *honest))
                expect_clean(alone, "honest agents alone")
                for mode in group:
                    harm = collector.start_http_harm(mode, seconds * 1.25 + 0.3,
                                                     bench.size.http_crowd)
                    beside, added = watched(collector, lambda: bench.run(collector, data, *honest))
                    done = Tools.finish(harm)
                    failed = beside["sessions_failed"] + sum(beside["refusals"].values())
                    what = f"http, {mode}"
                    yield f"{what}: done", done["sent"], ""
                    yield f"{what}: honest sessions ended", failed, ""
                    # Honest load adds some, too: its log grows.
                    yield f"{what}: memory added to honest load, peak", max(0, added - grown), "MB"
                    yield f"{what}: honest ack p99 beside", beside["ack"]["p99_ms"], "ms"
                    yield f"{what}: ratio of p99", beside["ack"]["p99_ms"] / alone["ack"]["p99_ms"], "x"


SCENARIOS = {"reading": reading, "http": http, "throughput": throughput, "single": single, "idle": idle, "sessions": sessions,
             "restart": restart, "hostile": hostile}
