"""The scenarios: the peer's, the firewall's, and the confounders."""
