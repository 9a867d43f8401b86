"""A shower as one event, told beside the raw values of the bathroom's sensor. Pure: time is passed in."""
