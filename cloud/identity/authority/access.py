"""Who may say and hear what at the broker: one list, from which the rules of each kind of broker are made.

A gateway's user name is the common name of its certificate. The centre's own processes come from this machine (or
the inner network), by a listener that nobody else can reach.
"""

from protocols.telemetry.topics import GATEWAY_HEARS, GATEWAY_SAYS, PREFIX

_HEAD = "Made by `doorstep-cloud ca rules`; a gateway says and hears below its own name only."


def mosquitto_rules() -> str:
    """An `acl_file` for the listener of the gateways."""
    lines = [f"# {_HEAD}"]
    lines += [f"pattern write {PREFIX}/%u/{channel}" for channel in GATEWAY_SAYS]
    lines += [f"pattern read {PREFIX}/%u/{channel}" for channel in GATEWAY_HEARS]
    return "\n".join(lines) + "\n"


def emqx_rules(inner_network: str) -> str:
    """An `acl.conf` of EMQX 5. `inner_network` (CIDR) is where the centre's processes come from, without a name."""
    says = ", ".join(f'"{PREFIX}/${{username}}/{channel}"' for channel in GATEWAY_SAYS)
    hears = ", ".join(f'"{PREFIX}/${{username}}/{channel}"' for channel in GATEWAY_HEARS)
    return (
        f"%% {_HEAD}\n"
        f"%% The centre's processes, which come from the inner network without a name.\n"
        f'{{allow, {{ipaddr, "{inner_network}"}}, all, ["{PREFIX}/#", "$SYS/#"]}}.\n'
        f"{{allow, all, publish, [{says}]}}.\n"
        f"{{allow, all, subscribe, [{hears}]}}.\n"
        "{deny, all}.\n"
    )
