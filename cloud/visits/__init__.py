"""Somebody is sent to the door: from alerts, alarms and wishes to report and assessment."""
