"""Alarms forwarded to an alarm-receiving centre as SCAIP (docs/scaip.md)."""
