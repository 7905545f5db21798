"""The stations: each takes one unit of work, calls pure code, writes state and effect in one transaction."""
