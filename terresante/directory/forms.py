from django import forms

from terresante.directory.enums import Profession


class SearchForm(forms.Form):
    nom = forms.CharField(label="Nom, prénom ou numéro RPPS", max_length=120, required=False)
    profession = forms.ChoiceField(
        label="Profession", choices=[("", "Toutes"), *Profession.choices], required=False
    )
    commune = forms.CharField(label="Commune ou code postal", max_length=80, required=False)
