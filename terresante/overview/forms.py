from django import forms

from terresante.overview.queries import KINDS, PERIODS, Filters


class TimelineForm(forms.Form):
    """The filters of the timeline, read from its URL."""

    du = forms.DateField(
        label="Du",
        required=False,
        widget=forms.DateInput(attrs={"type": "date", "class": "control"}, format="%Y-%m-%d"),
    )
    au = forms.DateField(
        label="Au",
        required=False,
        widget=forms.DateInput(attrs={"type": "date", "class": "control"}, format="%Y-%m-%d"),
    )

    def filters(self) -> Filters:
        """A filter that is not known, or a date that is not one, filters nothing."""
        self.is_valid()
        kind, period = self.data.get("type", ""), self.data.get("periode", "")
        return Filters(
            kind=kind if kind in KINDS else "",
            period=period if period in PERIODS else "",
            start=self.cleaned_data.get("du"),
            end=self.cleaned_data.get("au"),
        )
