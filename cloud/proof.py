"""`doorstep-cloud verify` in words: whether all that a home's gateways sent is here, and as it was sent."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from cloud.readings.chain.model import Fault, FaultKind, Findings, Piece, Why

_MOST_SAID = 20
_SAYS = {
    FaultKind.MISSING: "missing: a receipt was given for {numbers}, and nothing of it is here",
    FaultKind.CHANGED: "changed: what {numbers} say is not what the gateway sent",
    FaultKind.EXTRA: "extra: a row of {numbers} that never came, or came once and is here twice",
    FaultKind.DISPUTED: "two different hashes were told of {numbers}: two gateways with one identity?",
    FaultKind.UNCHAINED: "the hashes that came with {numbers} are not here",
}
_WHY = {
    Why.DUPLICATE: "the same record of a meter again",
    Why.ALTERED: "time brought to what a row holds",
    Why.REFUSED: "refused, among the dead letters",
    Why.THINNED: "taken by retention",
    Why.ERASED: "of a person who was erased",
}


def as_json(all_findings: Iterable[Findings]) -> str:
    found = list(all_findings)
    return json.dumps(
        {"whole": all(one.whole for one in found), "outboxes": [_fields(one) for one in found]},
        indent=2,
        ensure_ascii=False,
    )


def in_words(findings: Findings) -> str:
    """A few lines on one outbox; each fault with the readings around it."""
    if findings.first is None:
        head = f"{findings.gateway}  epoch {findings.epoch}: nothing is here"
    else:
        head = (
            f"{findings.gateway}  epoch {findings.epoch}: numbers {findings.first} to {findings.last}, "
            f"measured {_at(findings.first_at)} to {_at(findings.last_at)}; {findings.rows} rows, "
            f"{findings.proven} proven by the running hash"
        )
    lines = [head]
    asides = [f"{count} {_WHY[why]}" for why, count in sorted(findings.why.items())]
    asides += [f"{findings.given_up} given up by a full outbox"] if findings.given_up else []
    asides += [f"{findings.before_chain} from before the hash was sent"] if findings.before_chain else []
    asides += [f"{findings.unproven} beside a fault, which no hash reaches"] if findings.unproven else []
    if asides:
        lines.append(f"    {'; '.join(asides)}")
    lines += [f"  ! {_fault_in_words(fault)}" for fault in findings.faults[:_MOST_SAID]]
    if len(findings.faults) > _MOST_SAID:
        more = len(findings.faults) - _MOST_SAID + findings.more_faults
        lines.append(f"  ! and {more} more; --json lists the first {len(findings.faults)}")
    return "\n".join(lines)


def conclusion(all_findings: Iterable[Findings]) -> str:
    """The last line."""
    found = list(all_findings)
    faults = sum(len(one.faults) + one.more_faults for one in found)
    if faults:
        return f"not whole: {faults} faults in {sum(not one.whole for one in found)} of {len(found)} outboxes"
    return f"whole: nothing is missing and nothing was changed in {len(found)} outboxes"


def _fault_in_words(fault: Fault) -> str:
    numbers = f"number {fault.first}" if fault.first == fault.last else f"numbers {fault.first} to {fault.last}"
    around = [
        f"{word} {piece.number} ({piece.what or 'without a row'}, {_at(piece.at)})"
        for word, piece in _neighbours(fault)
        if piece is not None
    ]
    return _SAYS[fault.kind].format(numbers=numbers) + (f"; {', '.join(around)}" if around else "")


def _neighbours(fault: Fault) -> tuple[tuple[str, Piece | None], tuple[str, Piece | None]]:
    if fault.kind in (FaultKind.CHANGED, FaultKind.UNCHAINED):
        return ("from", fault.before), ("to", fault.after)
    return ("after", fault.before), ("before", fault.after)


def _fields(findings: Findings) -> dict[str, Any]:
    return {
        "gateway": findings.gateway,
        "epoch": findings.epoch,
        "whole": findings.whole,
        "first": findings.first,
        "last": findings.last,
        "first_measured_at": findings.first_at and findings.first_at.isoformat(),
        "last_measured_at": findings.last_at and findings.last_at.isoformat(),
        "rows": findings.rows,
        "proven": findings.proven,
        "before_chain": findings.before_chain,
        "unproven": findings.unproven,
        "given_up": findings.given_up,
        **{why.value: findings.why.get(why, 0) for why in Why},
        "faults": [
            {
                "kind": fault.kind.value,
                "first": fault.first,
                "last": fault.last,
                "before": _piece(fault.before),
                "after": _piece(fault.after),
            }
            for fault in findings.faults
        ],
        "more_faults": findings.more_faults,
    }


def _piece(piece: Piece | None) -> dict[str, Any] | None:
    if piece is None:
        return None
    return {"number": piece.number, "measured_at": piece.at and piece.at.isoformat(), "what": piece.what}


def _at(at: datetime | None) -> str:
    return "time unknown" if at is None else f"{at:%Y-%m-%d %H:%M:%S}Z"
