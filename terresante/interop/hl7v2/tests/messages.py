"""Small invented messages; every part can be replaced or left out."""

from typing import Any

MSH = (
    r"MSH|^~\&|GAM|HOPITAL-T|TERR-ESANTE|TEST|20250311090000||ADT^{trigger}|M1|P|2.5^FRA^2.11|||||FRA"
    "|UNICODE UTF-8"
)
EVN = "EVN||20250311090000||||20250311085500"
PID = (
    "PID|1||P1^^^HOPITAL-T&750000222&N^PI||ESSAI^CLAIRE^CLAIRE ANNE^^^^L~MODELE^CLAIRE^^^^^D||19560214|F|||"
    "1 RUE D'ESSAI^^MELUN^^77000^FRA^H~^^PROVINS^^^FRA^BDL^^77379||^PRN^PH^^^^^^^^^0100000000|||||"
    "D1^^^HOPITAL-T&750000222&N^AN||||||||||||N||VALI"
)
PV1 = (
    "PV1|1|I|CARDIO^12^A^HOPITAL-T&750000222&N||||810000000016^MARTEL^PAUL^^^^^^ASIP-SANTE-PS&1.2.250.1.71.4.2.1&ISO"
    "^D^^^IDNPS||||||||||||V1^^^HOPITAL-T&750000222&N^VN|||||||||||||||||||||||||20250311085500|||||||V"
)
ZBE = (
    "ZBE|MV1^HOPITAL-T^750000222^N|20250311085500||INSERT|N||Cardio^^^^^HOPITAL-T&750000222&N^UF^^^4411||HMS"
)


def adt(trigger: str = "A01", *extra: str, end: str = "\r", **replaced: Any) -> bytes:
    """`extra` segments go last; `zbe=None` leaves the ZBE out, `pid="PID|…"` replaces the PID."""
    segments = {"msh": MSH, "evn": EVN, "pid": PID, "pv1": PV1, "zbe": ZBE} | replaced
    lines = [line for line in segments.values() if line is not None]
    return (end.join([*lines, *extra]) + end).replace("{trigger}", trigger).encode()


def pid(**fields: str) -> str:
    """The PID with fields replaced by number: `pid(f7="1956")`."""
    parts = PID.split("|")
    parts += [""] * (40 - len(parts))
    for name, text in fields.items():
        parts[int(name[1:])] = text
    return "|".join(parts)


def pv1(**fields: str) -> str:
    parts = PV1.split("|")
    parts += [""] * (53 - len(parts))
    for name, text in fields.items():
        parts[int(name[1:])] = text
    return "|".join(parts)
