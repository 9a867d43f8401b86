"""What the enrolment grants, counted; refusals are counted with all others."""

from prometheus_client import Counter

GRANTED = Counter("doorstep_enrolment_granted", "Certificates given, by way", ["way"])
