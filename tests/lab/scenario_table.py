#!/usr/bin/python3
"""The table of scenarios in tests/README.md, made from the scenarios themselves.

  scenario_table.py            prints it
  scenario_table.py --write    puts it into tests/README.md
  scenario_table.py --check    fails when tests/README.md holds another one
"""

import pathlib
import sys

sys.dont_write_bytecode = True
_HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(_HERE), str(_HERE.parents[1] / "deploy" / "lab")]

# pylint: disable=wrong-import-position
import firewall_suite_test
import minute_suite_test
import peer_suite_test
from scenarios import confounders

_README = _HERE.parent / "README.md"
_BEGIN = "<!-- scenarios: made by tests/lab/scenario_table.py -->\n"
_END = "<!-- scenarios end -->\n"
_PEER_WORDS = {"false": "not accessible, not blocked", "null": "does not know"}
_HEAD = ("| Scenario | What is set up | The peer | Ours | Why they differ |\n"
         "|---|---|---|---|---|\n")


def table() -> str:
    """Three tables: the peer's scenarios, the firewall's, the confounders."""
    plain = {scenario.name for scenario in confounders.SCENARIOS}
    firewall = [scenario for scenario in (*firewall_suite_test.SCENARIOS,
                                          *minute_suite_test.SCENARIOS)
                if scenario.name not in plain]
    return (f"\nThe peer's scenarios:\n\n{_HEAD}{_rows(peer_suite_test.SCENARIOS)}"
            f"\nThe firewall's:\n\n{_HEAD}{_rows(firewall)}"
            "\nConfounders, labelled in the vantage (the peer has nothing of the kind):\n\n"
            "| Scenario | What is set up | Layers | Vantage |\n|---|---|---|---|\n"
            f"{''.join(map(_confounder, confounders.SCENARIOS))}\n")


def _rows(scenarios) -> str:
    return "".join(
        f"| {scenario.name} | {scenario.setup} | {_PEER_WORDS.get(scenario.peer, scenario.peer)} "
        f"| {_ours(scenario)} | {scenario.why} |\n" for scenario in scenarios)


def _ours(scenario) -> str:
    expect = scenario.expect
    if isinstance(expect, dict):
        text = ", ".join(f"{check} {_vectors(vectors)}" for check, vectors in expect.items())
    else:
        text = _vectors(expect)
    causes = scenario.causes
    if isinstance(causes, dict):
        causes = set().union(*causes.values())
    words = ", ".join(sorted(causes, key=lambda cause: _ORDER.index(cause.split(":")[0])))
    return (text or "dead `obuuu`, healthy `ooooo`, without a chance `uuuuu` or `ouuuu`") + \
        (f": {words}" if words else "")


_ORDER = ("DNS", "TCP", "TLS", "HTTP", "APP")


def _vectors(vectors) -> str:
    return f"`{vectors}`" if isinstance(vectors, str) else f"`{' '.join(vectors)}`"


def _confounder(scenario) -> str:
    fields = ", ".join(f"{name} {_value(value)}" for name, value in scenario.vantage.items())
    return f"| {scenario.name} | {scenario.setup} | {_ours(scenario)} | {fields} |\n"


def _value(value) -> str:
    if callable(value):
        return "measured"
    return str(value).lower() if isinstance(value, bool) else str(value).split("_", 1)[-1]


def main(argv) -> int:
    """The exit status."""
    text = _README.read_text()
    before, rest = text.split(_BEGIN)
    current = f"{before}{_BEGIN}{table()}{_END}{rest.split(_END)[1]}"
    if argv == ["--write"]:
        _README.write_text(current)
    elif argv == ["--check"]:
        if text != current:
            print("tests/README.md is not current: run tests/lab/scenario_table.py --write",
                  file=sys.stderr)
            return 1
    else:
        print(table())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
