"""What the enrolment counts."""

from prometheus_client import Counter

REFUSED = Counter("doorstep_enrolment_refused", "Enrolments and renewals that were refused, by reason", ["why"])
GRANTED = Counter("doorstep_enrolment_granted", "Certificates given, by way", ["way"])
