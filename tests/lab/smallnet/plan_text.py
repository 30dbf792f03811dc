"""Plans in protobuf's text format, from plain dictionaries."""

import time
from typing import Any, Dict, List

from . import places


class Word(str):
    """An enum value or another word that is written without quotes."""


def duration(seconds: float) -> Dict[str, int]:
    """A google.protobuf.Duration."""
    return {"seconds": int(seconds), "nanos": round(seconds % 1 * 1e9)}


def check(check_id: str, protocol: str, host: str, port: int, **fields: Any) -> Dict[str, Any]:
    """A Check that believes the small internet's authority and asks for "/"."""
    http = protocol in ("HTTP", "HTTPS")
    return {"check_id": check_id, "protocol": Word(f"CHECK_PROTOCOL_{protocol}"), "host": host,
            "port": port, "root_set": "lab", **({"path": "/"} if http else {}), **fields}


def https(host: str = places.SERVICE_NAME, check_id: str = "service", **fields: Any):
    """The usual check: the service's page over TLS."""
    return check(check_id, "HTTPS", host, fields.pop("port", 443),
                 **{"status_min": 200, "status_max": 399, **fields})


def http(host: str = places.SERVICE_NAME, check_id: str = "service", **fields: Any):
    """The same in the clear, told from other pages by its title."""
    return check(check_id, "HTTP", host, fields.pop("port", 80),
                 **{"status_min": 200, "status_max": 399, **fields})


def target(target_id: str, checks: List[Dict[str, Any]], kind: str = "SERVICE") -> Dict[str, Any]:
    """A Target with one feature that needs all of `checks`."""
    return {"target_id": target_id, "display_name": target_id,
            "kind": Word(f"TARGET_KIND_{kind}"),
            "features": [{"feature_id": "main", "essential": True,
                          "rule": Word("FEATURE_RULE_ALL_OF"), "checks": checks}]}


def plan(targets: List[Dict[str, Any]], root_pem: str, **fields: Any) -> str:
    """A whole Plan as text: quick, with one resolver and one neutral server; `fields` override."""
    now = int(time.time())
    whole = {
        "version": 1,
        "issue_time": {"seconds": now - 3600},
        "expire_time": {"seconds": now + 86400},
        "round_interval": {"seconds": 60},
        "check_timeout": duration(2.5),
        "dns_hold": duration(0.4),
        "resolvers": [f"{places.RESOLVER}:53"],
        "countries": [{"country": "CN", "regions": ["CN-BJ"]}],
        "root_sets": [{"name": "lab", "pem": root_pem}],
        "contrasts": {
            "neutral_name": places.NEUTRAL_NAME,
            "neutral_servers": [{"address": places.NEUTRAL, "port": places.HTTPS_PORT,
                                 "other_port": places.OTHER_HTTPS_PORT,
                                 "name": places.NEUTRAL_NAME}]},
        **fields,
        "targets": targets,
    }
    return "# proto-message: sightline.v1.Plan\n" + _text(whole, "")


def _text(message: Dict[str, Any], indent: str) -> str:
    lines = []
    for name, value in message.items():
        for one in value if isinstance(value, (list, tuple)) else [value]:
            if isinstance(one, dict):
                lines.append(f"{indent}{name} {{\n{_text(one, indent + '  ')}{indent}}}\n")
            else:
                lines.append(f"{indent}{name}: {_scalar(one)}\n")
    return "".join(lines)


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return '"' + "".join(f"\\{byte:03o}" for byte in value) + '"'
    if isinstance(value, str) and not isinstance(value, Word):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'"{escaped}"'
    return str(value)
