"""Channels of NOTIFY. The payload is an id; it only wakes, the tables are the truth."""

from typing import Final

NEW_READINGS: Final = "doorstep_reading"  # elder_id: detection_due has a row
UNSURE: Final = "doorstep_unsure"  # device_id: unsure_due has a row
SEVERE: Final = "doorstep_severe"  # gateway_id: a severe value that is nobody's for sure came up or was settled
ALERT: Final = "doorstep_alert"  # alert_id: raised, changed or closed
VISIT: Final = "doorstep_visit"  # visit_id: any step
ALARM: Final = "doorstep_alarm"  # alarm_id: any step
STATUS: Final = "doorstep_status"  # gateway_id: went on or off line
SILENCE: Final = "doorstep_silence"  # silence_id: gateways fell silent together, or are heard again
SMS: Final = "doorstep_sms"  # sms_id: asked for, sent, delivered or failed

NOTIFY: Final = "SELECT pg_notify(%s, %s)"
"""Parameters: channel, payload. Sent when the transaction commits."""
