"""Texts that leave the centre: the outbox that any stage may write to, and the modem that sends them."""
