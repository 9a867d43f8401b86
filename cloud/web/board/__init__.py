"""The desk: alarms, promised visits, silent homes."""
