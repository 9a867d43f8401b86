"""The nurse who is asked is reached on her phones, and they say that they have it; or the visit goes on to the next."""
