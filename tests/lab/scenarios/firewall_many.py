"""Many dead endpoints at once: no wrong word about those that had no chance, and an end in time."""

from smallnet.dns_server import addresses
from smallnet.plan_text import duration, https
from smallnet.scenario import Censor, Scenario
from smallnet.verify import vector

_DEAD = 34
_HEALTHY = 4
_DEAD_NETWORK = "45.60.100"
_NAMES = {f"e{n}.example.com": addresses(f"{_DEAD_NETWORK}.{n}") for n in range(1, _DEAD + 1)}
# Not begun, or resolved and then out of time.
_NO_CHANCE = ("uuuuu", "ouuuu")
_WHY = "endpoints without a chance are untested, not blocked"


def _checks():
    """The dead ones, with healthy ones spread among them."""
    checks = [https(name, name.split(".")[0]) for name in _NAMES]
    for n in range(1, _HEALTHY + 1):
        checks.insert(n * 9 - 1, https(check_id=f"healthy-{n}"))
    return tuple(checks)


def _judge(untested_min):
    """Nothing healthy reads as blocked, nothing dead as open; what is untested says why."""

    def judge(rounds):
        found = []
        vectors = {check_id: vector(seen) for check_id, seen in rounds[0].items()}
        for check_id, letters in vectors.items():
            wanted = "ooooo" if check_id.startswith("healthy") else "obuuu"
            if letters not in (wanted, *_NO_CHANCE):
                found.append(f"{check_id}: layers {letters}, expected {wanted} or {_NO_CHANCE}")
            reason = rounds[0][check_id].get("untested_reason")
            if letters in _NO_CHANCE and reason != "UNTESTED_REASON_ROUND_TIMEOUT":
                found.append(f"{check_id}: untested because of {reason}")
        untested = sum(letters in _NO_CHANCE for letters in vectors.values())
        if untested < untested_min:
            found.append(f"{untested} untested, expected at least {untested_min}")
        if "obuuu" not in vectors.values() or "ooooo" not in vectors.values():
            found.append(f"nothing blocked or nothing open: {vectors}")
        return found

    return judge


def _many(name, setup, check_timeout_s, round_timeout_s, untested_min, run_s_max):
    return Scenario(name, setup, {}, {}, zone=_NAMES, checks=_checks(),
                    censor=Censor(rules=(f"-A FORWARD -d {_DEAD_NETWORK}.0/24 -j DROP",)),
                    plan={"check_timeout": duration(check_timeout_s),
                          "round_timeout": duration(round_timeout_s)},
                    also=_judge(untested_min), run_s_max=run_s_max, peer="tcp_ip", why=_WHY)


QUICK = _many("manyBlackholesInShortRound",
              "34 dead endpoints and 4 healthy ones, 1 s each, in a round of 3 s", 1, 3, 1, 5)
FULL = _many("manyBlackholesInRoundOfAMinute",
             "34 dead endpoints and 4 healthy ones, 10 s each, in a round of 58 s", 10, 58, 0, 60)
