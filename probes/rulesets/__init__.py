"""Packet-filter rulesets as data: iptables-save text and nftables JSON read into one model, and a walk through it.

Three steps, each pure: `iptables.parse` and `nftables.parse` make a `Ruleset`, `walk.through_hook` follows a described
packet through the base chains of one netfilter hook, `path` strings the hooks together as the kernel does.
"""
