"""Compares what the agent reports with what a scenario expects. Pure."""

from typing import Any, Dict, List

from .scenario import Scenario

_LETTERS = {"LAYER_STATE_UNSPECIFIED": "-", "LAYER_STATE_OK": "o", "LAYER_STATE_BLOCKED": "b",
            "LAYER_STATE_DOWN": "d", "LAYER_STATE_TAINTED": "t", "LAYER_STATE_UNTESTED": "u"}
_LAYERS = ("dns", "tcp", "tls", "http", "app")


def observations(report: Dict[str, Any]) -> Dict[str, Dict[str, Any]]:
    """The observations of a report by check."""
    return {observation["check_id"]: observation
            for target in report["targets"] for observation in target["observations"]}


def vector(observation: Dict[str, Any]) -> str:
    """ "dns tcp tls http app", a letter each."""
    layers = observation.get("layers") or {}
    return "".join(_LETTERS[layers.get(name, "LAYER_STATE_UNSPECIFIED")] for name in _LAYERS)


def causes(observation: Dict[str, Any]) -> frozenset:
    """ "LAYER:MECHANISM" of each cause."""
    return frozenset(f"{cause['layer'].removeprefix('LAYER_')}:"
                     f"{cause['mechanism'].removeprefix('MECHANISM_')}"
                     for cause in observation.get("causes", ()))


def rounds_of(expect: Any, count: int) -> List[str]:
    """One vector for each round."""
    return [expect] * count if isinstance(expect, str) else list(expect)


def problems(scenario: Scenario, reports: List[Dict[str, Any]]) -> List[str]:
    """Everything that is not as the scenario expects, each with what was seen."""
    if len(reports) != scenario.rounds:
        return [f"{len(reports)} reports, not {scenario.rounds}"]
    found: List[str] = []
    rounds = [observations(report) for report in reports]
    first = next(iter(rounds[0]))
    expect = scenario.expect
    by_check = expect if isinstance(expect, dict) else {first: expect}
    by_cause = scenario.causes if isinstance(scenario.causes, dict) else {first: scenario.causes}
    for check_id, vectors in by_check.items():
        seen = [vector(round_[check_id]) for round_ in rounds]
        wanted = rounds_of(vectors, len(rounds))
        if seen != wanted:
            found.append(f"{check_id}: layers {seen}, expected {wanted}")
    for check_id, wanted_causes in by_cause.items():
        seen_causes = causes(rounds[0][check_id])
        if seen_causes != wanted_causes:
            found.append(f"{check_id}: causes {sorted(seen_causes)}, "
                         f"expected {sorted(wanted_causes)}")
    if scenario.failure is not None and rounds[0][first]["failure"] != scenario.failure:
        found.append(f"{first}: failure \"{rounds[0][first]['failure']}\", "
                     f"expected \"{scenario.failure}\"")
    found += scenario.also(rounds) if scenario.also else []
    for field, value in scenario.vantage.items():
        seen_value = reports[-1].get("vantage", {}).get(field)
        if not (value(seen_value) if callable(value) else seen_value == value):
            found.append(f"vantage {field}: {seen_value}")
    return found
