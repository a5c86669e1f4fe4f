"""What a person does at the door, for the tests of this app."""

import re

from terresante.kernel.models import OutboundMessage
from terresante.kernel.sealing import unseal

PASSWORD = "des hortensias bleus"


def give_password(client, user, password=PASSWORD, **extra):
    return client.post("/connexion/", {"login": user.login, "password": password}, **extra)


def give_code(client, code, device="none", **extra):
    return client.post("/connexion/code/", {"code": code, "device": device}, **extra)


def last_message():
    return unseal(OutboundMessage.objects.latest("created_at").body, context="outbound").decode()


def sent_code():
    return re.findall(r"\b\d{6}\b", last_message())[0]


def wrong(code):
    return f"{(int(code) + 1) % 10**6:06d}"


def is_in(client):
    return "_auth_user_id" in client.session


def log_in(client, user, device="none", **extra):
    give_password(client, user, **extra)
    return give_code(client, sent_code(), device, **extra)
