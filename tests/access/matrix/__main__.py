"""Writes docs/access-matrix.md: runs the test that compares it, told to write instead."""

import os
import sys

import pytest

if __name__ == "__main__":
    os.environ["TERRESANTE_WRITE_MATRIX"] = "1"
    sys.exit(pytest.main(["-q", "-p", "no:randomly", "tests/access/matrix"]))
