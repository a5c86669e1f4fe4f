"""A made-up region: communes are real, people, structures and numbers are not. Content only, no platform."""
