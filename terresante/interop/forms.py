from typing import Any, cast

from django import forms
from django.db.models import QuerySet

from terresante.directory.models import Organization
from terresante.interop.enums import AbandonReason, ApiScope, LookReason
from terresante.interop.models import SenderSystem


class PutAsideForm(forms.Form):
    reason = forms.CharField(
        label="Pourquoi ce message est écarté",
        max_length=200,
        error_messages={"required": "Dites pourquoi ce message est écarté."},
    )


class UnmaskForm(forms.Form):
    why = forms.ChoiceField(
        label="Pourquoi vous regardez",
        choices=LookReason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Dites pourquoi."},
    )


class PartnerForm(forms.Form):
    name = forms.CharField(
        label="Nom du logiciel", max_length=120, error_messages={"required": "Indiquez le nom."}
    )
    editor = forms.CharField(
        label="Éditeur", max_length=120, error_messages={"required": "Indiquez l’éditeur."}
    )
    version = forms.CharField(label="Version", max_length=40, required=False)
    organizations = forms.CharField(
        label="Structures qui l’utilisent",
        help_text="Numéros FINESS, SIRET ou identifiants de l’Annuaire Santé, un par ligne.",
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Indiquez au moins une structure."},
    )

    def clean_organizations(self) -> list[str]:
        return str(self.cleaned_data["organizations"]).split()


class KeyForm(forms.Form):
    public_key = forms.CharField(
        label="Clé publique",
        help_text="Au format PEM : RSA d’au moins 2048 bits, P-256 ou Ed25519. Jamais la clé privée.",
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false", "autocomplete": "off"}),
        error_messages={"required": "Collez la clé publique du logiciel."},
    )


class ApiAccessForm(forms.Form):
    organization = forms.ModelChoiceField(
        queryset=Organization.objects.none(),
        label="Structure",
        help_text="L’accès dépose en son nom, et lit pour les professionnels qui y travaillent.",
        empty_label="Choisissez…",
        error_messages={"required": "Choisissez une structure de ce logiciel."},
    )
    scopes = forms.MultipleChoiceField(
        label="Transactions",
        choices=ApiScope.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choisissez au moins une transaction."},
    )
    fingerprint = forms.CharField(
        label="Empreinte SHA-256 de son certificat",
        help_text="Seulement si le logiciel se prouve par un certificat client : 64 chiffres hexadécimaux.",
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"}),
    )

    def __init__(self, organizations: "QuerySet[Organization]", *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast("forms.ModelChoiceField[Organization]", self.fields["organization"])
        field.queryset = organizations

    def clean_fingerprint(self) -> str:
        return plain_fingerprint(self.cleaned_data["fingerprint"])


def plain_fingerprint(text: str) -> str:
    """As tools write it, with colons, spaces or capitals."""
    return str(text).replace(":", "").replace(" ", "").lower()


class SenderForm(forms.Form):
    name = forms.CharField(
        label="Nom du logiciel", max_length=120, error_messages={"required": "Indiquez le nom du logiciel."}
    )
    authorities = forms.CharField(
        label="Autorités des identifiants",
        help_text="OID de chaque domaine d’IPP, un par ligne.",
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
        error_messages={"required": "Indiquez au moins une autorité."},
    )
    fingerprint = forms.CharField(
        label="Empreinte SHA-256 de son certificat",
        help_text="64 chiffres hexadécimaux.",
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"}),
    )
    port = forms.IntegerField(
        label="Port",
        help_text="En démonstration, à la place du certificat.",
        min_value=1024,
        max_value=65535,
        required=False,
    )
    triggers = forms.CharField(
        label="Types de message admis",
        help_text="Événements séparés par un espace, par exemple A01 A02 A03 ; vide : tous ceux qui sont compris.",
        max_length=400,
        required=False,
    )

    silence_hours = forms.IntegerField(
        label="Alarme de silence",
        help_text="Heures sans message après lesquelles les administrateurs sont prévenus ; 0 : jamais.",
        min_value=0,
        max_value=720,
        initial=24,
        error_messages={"required": "Indiquez un nombre d’heures, 0 pour aucune alarme."},
    )

    return_host = forms.CharField(
        label="Adresse de retour",
        help_text="Machine de l’établissement qui reçoit les accusés métier (ZAM) ; vide : aucun ne part.",
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"}),
    )
    return_port = forms.IntegerField(label="Port de retour", min_value=1, max_value=65535, required=False)
    return_tls = forms.BooleanField(
        label="Chiffrer les accusés (TLS)",
        help_text="Toujours, hors démonstration.",
        initial=True,
        required=False,
    )

    def clean_authorities(self) -> list[str]:
        return str(self.cleaned_data["authorities"]).split()

    def clean_triggers(self) -> list[str]:
        return str(self.cleaned_data["triggers"]).upper().replace(",", " ").split()

    def clean_return_host(self) -> str:
        return str(self.cleaned_data["return_host"]).strip()

    def clean_fingerprint(self) -> str:
        return plain_fingerprint(self.cleaned_data["fingerprint"])


class TryForm(forms.Form):
    message = forms.CharField(
        label="Message HL7 v2",
        help_text="Collez un message, ou partez d’un exemple. Rien n’est gardé.",
        max_length=2_000_000,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 10, "spellcheck": "false", "autocomplete": "off"}),
        error_messages={"required": "Collez un message."},
    )


class NewSenderForm(SenderForm):
    organization_number = forms.CharField(
        label="Établissement",
        help_text="Numéro FINESS, SIRET ou identifiant de l’Annuaire Santé.",
        max_length=40,
        error_messages={"required": "Indiquez le numéro de l’établissement."},
    )
    field_order = (
        *("name", "organization_number", "authorities", "fingerprint", "port", "triggers", "silence_hours"),
        *("return_host", "return_port", "return_tls"),
    )


class RuleForm(forms.Form):
    name = forms.CharField(
        label="Programme",
        help_text="Ce que le dossier dira : par exemple « Sortie d’hospitalisation, insuffisance cardiaque ».",
        max_length=120,
        error_messages={"required": "Nommez le programme."},
    )
    organization_number = forms.CharField(
        label="Structure qui informera",
        help_text="Numéro FINESS, SIRET ou identifiant de l’Annuaire Santé.",
        max_length=40,
        error_messages={"required": "Indiquez le numéro de la structure."},
    )
    sender = forms.ModelChoiceField(
        label="Sorties de l’émetteur",
        help_text="Vide : la règle ne lit que les fichiers que vous lui donnez.",
        queryset=SenderSystem.objects.none(),
        required=False,
        empty_label="Aucun, des fichiers seulement",
    )
    unit_code = forms.CharField(
        label="Unité", help_text="Code de l’unité médicale quittée (ZBE-7).", max_length=20, required=False
    )

    def __init__(self, *args: Any, senders: QuerySet[SenderSystem], **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["sender"]
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = senders


class RobotFileForm(forms.Form):
    file = forms.FileField(
        label="Fichier CSV", max_length=200, error_messages={"required": "Choisissez un fichier."}
    )


class AbandonForm(forms.Form):
    why = forms.ChoiceField(choices=AbandonReason.choices)
