"""`make oracle SEED=1 N=20000`: runs the sample with this seed, until so many decisions."""

import os
import sys

import pytest

if __name__ == "__main__":
    seed, decisions = sys.argv[1:]
    os.environ |= {"TERRESANTE_ORACLE_SEED": seed, "TERRESANTE_ORACLE_DECISIONS": decisions}
    path = "tests/access/oracle/test_oracle.py::test_every_door_answers_as_the_model_does"
    sys.exit(pytest.main(["-q", "-s", "-p", "no:randomly", path]))
