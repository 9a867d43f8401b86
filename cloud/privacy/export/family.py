"""What one of the family gets a copy of: what their page shows them, of all the time that it is kept."""

from collections.abc import Collection

from cloud.privacy.export.model import Sheet
from cloud.privacy.purposes import Purpose

_AGREED = (
    "EXISTS (SELECT FROM consent c WHERE c.elder_id = %(elder)s AND c.relative_id = %(relative)s "
    "AND c.purpose = '{purpose}' AND c.withdrawn_at IS NULL)"
)
METRICS = ("systolic", "diastolic", "pulse", "glucose")
"""Where somebody walks and how warm it is at theirs is not among it."""
_SHEETS = (
    (
        Purpose.FAMILY_READINGS,
        "measurements",
        "SELECT metric, measured_at, value, flags, meal FROM reading WHERE elder_id = %(elder)s "
        "AND metric = ANY (%(metrics)s) AND {agreed} ORDER BY measured_at, metric, record_key",
    ),
    (
        Purpose.FAMILY_VISITS,
        "visits",
        "SELECT v.state, s.name AS nurse, v.promised_by, r.filed_at, m.face FROM visit v "
        "LEFT JOIN staff s ON s.staff_id = v.nurse_id LEFT JOIN visit_report r USING (visit_id) "
        "LEFT JOIN assessment m USING (visit_id) WHERE v.elder_id = %(elder)s "
        "AND v.state NOT IN ('declined', 'cancelled') AND {agreed} ORDER BY v.asked_at, v.visit_id",
    ),
    (
        Purpose.FAMILY_ALARMS,
        "calls for help",
        "SELECT kind, test, heard_at, state, closed_at FROM alarm WHERE elder_id = %(elder)s AND {agreed} "
        "ORDER BY heard_at, alarm_id",
    ),
)


def sheets_for(relative_id: int, purposes: Collection[str]) -> list[Sheet]:
    """Of `purposes`, and of those only what the elder agrees to still when it is read."""
    return [
        Sheet(
            purpose.value.removeprefix("family_"),
            what,
            query.format(agreed=_AGREED.format(purpose=purpose.value)),
            values={"relative": relative_id, "metrics": list(METRICS)},
        )
        for purpose, what, query in _SHEETS
        if purpose.value in purposes
    ]
