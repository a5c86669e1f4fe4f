from django import forms

from terresante.kernel.errors import Conflict, Invalid


class PutAsideForm(forms.Form):
    reason = forms.CharField(label="Pourquoi ce message est écarté", max_length=200)


class _CorrectedForm(forms.Form):
    def show(self, error: Invalid | Conflict) -> None:
        fields = error.fields if isinstance(error, Invalid) else {}
        for name, sentence in (fields or {"": error.sentence}).items():
            self.add_error(name or None, sentence)


class PartnerForm(_CorrectedForm):
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


class KeyForm(_CorrectedForm):
    public_key = forms.CharField(
        label="Clé publique",
        help_text="Au format PEM : RSA d’au moins 2048 bits, P-256 ou Ed25519. Jamais la clé privée.",
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false", "autocomplete": "off"}),
        error_messages={"required": "Collez la clé publique du logiciel."},
    )
