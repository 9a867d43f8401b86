"""`[remote]` of the gateway's configuration: what the centre may do from afar is bounded here, by hand."""

from edge.section import NotNegative, Positive, Section


class Remote(Section, frozen=True):
    accept: bool = True
    """False: a configuration from the centre is refused, and what stands of it is not in force."""
    link_within_s: Positive = 300.0
    """One that costs the link to the centre for so long is taken back."""
    steady_s: NotNegative = 10.0
    """One with which the link stood for so long is kept."""
