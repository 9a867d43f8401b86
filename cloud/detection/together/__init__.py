"""All that is known of an alert together: how likely a nurse is to call it right. It ranks alerts, and raises none."""
