"""Transaction sets: X12 in, values of the domain out."""
