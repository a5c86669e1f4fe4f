"""Messages of an invented person, to try a connection with (IHE PAM France 2.11)."""

import datetime

from terresante.interop.hl7v2.dates import written

SAMPLES = {"A28": "une identité", "A01": "une admission", "A03": "une sortie"}


def sample(event: str, *, authority: str, at: datetime.datetime) -> str:
    """Lines end as a text area shows them."""
    moment, day = written(at), f"{at:%Y%m%d}"
    domain = f"^^^&{authority}&ISO"
    lines = [
        rf"MSH|^~\&|ESSAI|ESSAI|TERR-ESANTE|TERR-ESANTE|{moment}||ADT^{event}|ESSAI{at:%Y%m%d%H%M%S}|P|2.5^FRA^2.11|||||FRA|"
        "UNICODE UTF-8",
        f"EVN||{moment}||||{moment}",
        f"PID|1||ESSAI1{domain}^PI||ESSAI^CLAIRE^CLAIRE ANNE^^^^L||19560214|F|||^^PROVINS^^^FRA^BDL^^77379|||||||"
        f"DESSAI1{domain}^AN||||||||||||N||PROV",
    ]
    if event != "A28":
        left = moment if event == "A03" else ""
        lines += [
            f"PV1|1|I|MED||||||||||||||||VESSAI1{domain}^VN|||||||||||||||||||||||||{day}080000|{left}",
            f"ZBE|MVESSAI1{domain}|{moment}||INSERT|N||Médecine^^^^^ESSAI&{authority}&ISO^UF^^^4411||HMS",
        ]
    return "\n".join(lines) + "\n"
