from django import forms


class PreferencesForm(forms.Form):
    own_circle = forms.BooleanField(label="Pour les patients dont je suis membre du cercle", required=False)
    my_structure = forms.BooleanField(label="Pour les autres patients de ma structure", required=False)
