"""Which right opens which route. A route that asks who is looking and does not stand here opens to nobody.

docs/access.md shows what follows for each role; tests/integration/test_web_access.py walks all of it.
"""

from collections.abc import Mapping

from cloud.identity.rights import Right

NEEDED: Mapping[str, Right] = {
    "GET /": Right.OWN,
    "GET /board": Right.BOARD,
    "GET /board/parts": Right.BOARD,
    "GET /api/v1/board": Right.BOARD,
    "GET /api/v1/figures": Right.BOARD,
    "GET /alarms/{alarm_id}": Right.BOARD,
    "GET /alarms/{alarm_id}/card": Right.BOARD,
    "POST /api/v1/alarms/{alarm_id}/take": Right.ACT_ON_CALLS,
    "POST /api/v1/alarms/{alarm_id}/on-the-way": Right.ACT_ON_CALLS,
    "POST /api/v1/alarms/{alarm_id}/send": Right.ACT_ON_CALLS,
    "POST /api/v1/alarms/{alarm_id}/note": Right.ACT_ON_CALLS,
    "POST /api/v1/alarms/{alarm_id}/close": Right.ACT_ON_CALLS,
    "GET /today": Right.VISITS,
    "GET /visits/{visit_id}": Right.VISITS,
    "GET /api/v1/visits": Right.VISITS,
    "GET /api/v1/visits/{visit_id}": Right.VISITS,
    "POST /api/v1/visits/{visit_id}/steps": Right.GO,
    "POST /api/v1/visits/{visit_id}/report": Right.GO,
    "POST /api/v1/visits/{visit_id}/dispatch": Right.ACT_ON_CALLS,
    "GET /elders/{elder_id}": Right.RECORDS,
    "GET /elders/{elder_id}/consent": Right.CONSENTS,
    "POST /elders/{elder_id}/consent": Right.CONSENTS,
    "POST /elders/{elder_id}/consent/{consent_id}/withdraw": Right.CONSENTS,
    "POST /elders/{elder_id}/link": Right.CONSENTS,
    "POST /elders/{elder_id}/family": Right.CONSENTS,
    "POST /elders/{elder_id}/family/{relative_id}/consent": Right.CONSENTS,
    "POST /elders/{elder_id}/family/{relative_id}/link": Right.CONSENTS,
    "POST /elders/{elder_id}/family/{relative_id}/end": Right.CONSENTS,
    "GET /privacy": Right.CONSENTS,
    "GET /unsure": Right.UNSURE,
    "GET /api/v1/unsure": Right.UNSURE,
    "POST /api/v1/measurements/{device_id}-{record_key}/whose": Right.SAY_WHOSE,
    "GET /fleet": Right.FLEET,
    "GET /fleet.csv": Right.FLEET,
    "GET /homes/{home_code}/proof": Right.FLEET,
    "GET /homes/new": Right.INSTALL,
    "POST /homes/new": Right.INSTALL,
    "POST /gateways/{gateway_id}/claim": Right.INSTALL,
    "GET /gateways/{gateway_id}/settings": Right.CONFIGURE,
    "POST /gateways/{gateway_id}/settings": Right.CONFIGURE,
    "GET /refusals": Right.REFUSALS,
    "GET /dead-letters": Right.LETTERS,
    "POST /dead-letters/{dead_letter_id}/replay": Right.LETTERS,
    "GET /pushes": Right.OWN,
    "POST /api/v1/pushes/subscribe": Right.OWN,
    "POST /api/v1/pushes/unsubscribe": Right.OWN,
    "GET /events": Right.LIVE,
}
