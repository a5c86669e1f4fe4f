from django.conf import settings
from django.db import models

from terresante.kernel.models import Row


class EmailPreference(Row):
    """What somebody wants an e-mail for; no row means the defaults."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    own_circle = models.BooleanField("patients dont je suis membre du cercle", default=True)
    my_structure = models.BooleanField("patients suivis par ma structure", default=False)

    def __str__(self) -> str:
        return f"{self.own_circle} {self.my_structure}"
