from django import forms


class PutAsideForm(forms.Form):
    reason = forms.CharField(label="Pourquoi ce message est écarté", max_length=200)
