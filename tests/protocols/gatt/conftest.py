"""Strategies for what the GATT codecs carry."""

from datetime import datetime

from hypothesis import strategies as st

from protocols.gatt.sfloat import decode_sfloat

sent_numbers = st.builds(
    lambda mantissa, exponent: decode_sfloat(exponent << 12 | mantissa & 0xFFF),
    st.integers(-2045, 2045),
    st.integers(0, 15),
)
"""Numbers that an SFLOAT holds exactly."""
device_times = st.none() | st.datetimes(datetime(1582, 1, 1)).map(lambda at: at.replace(microsecond=0))
