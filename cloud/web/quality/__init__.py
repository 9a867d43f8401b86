"""How well the centre keeps what it promises: figures over a span of days, for those who answer for it."""
