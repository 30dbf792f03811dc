"""The peer's scenarios in which nobody interferes, or only with its helper."""

from smallnet import places
from smallnet.plan_text import http, https
from smallnet.scenario import Censor, Scenario, name_reset

SCENARIOS = (
    Scenario("successWithHTTP", "nothing in the way", "oo-o-", checks=(http(),),
             peer="accessible", why="no app layer: nothing proves who answered in the clear"),
    Scenario("successWithHTTPS", "nothing in the way", "ooooo", peer="accessible"),
)
