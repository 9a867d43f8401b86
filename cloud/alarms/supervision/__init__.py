"""Gateways that fall silent become events: a home, a whole street, or everybody."""
