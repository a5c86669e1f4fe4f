class Failure(Exception):
    """An expected failure: its text is the French sentence the person at the terminal can act on."""
