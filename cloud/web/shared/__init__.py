"""One answer for all who may see the same, while many pages renew themselves after one event."""
