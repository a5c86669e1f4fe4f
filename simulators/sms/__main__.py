"""`python -m simulators.sms +33639980017 "1:37,5 2:96 3:non"`: answers a questionnaire of the demonstration by SMS."""

from argparse import ArgumentParser

from simulators.sms.telephone import Telephone, deliver

parser = ArgumentParser(description=__doc__)
parser.add_argument("number")
parser.add_argument("text")
parser.add_argument("--address", default="http://127.0.0.1:8000/suivi/sms/")
parser.add_argument("--secret", default="sms-of-the-demonstration")
given = parser.parse_args()
status = deliver(Telephone(given.number).message(given.text), address=given.address, secret=given.secret)
raise SystemExit(0 if status < 300 else 1)
