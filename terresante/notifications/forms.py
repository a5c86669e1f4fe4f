from django import forms


class PreferencesForm(forms.Form):
    own_circle = forms.BooleanField(label="patients dont je suis membre du cercle", required=False)
    my_structure = forms.BooleanField(label="patients suivis par ma structure", required=False)
