from collections.abc import Sequence
from typing import Any

from django import forms

from terresante.accounts.forms import NewPasswordForm
from terresante.care_team.actions.relatives import NewDelegation, NewRelative
from terresante.care_team.models import CareTeamParticipant
from terresante.documents.enums import OWN_TYPES, TITLE_MAX_LENGTH, DocumentType
from terresante.documents.forms import sent_field
from terresante.documents.own_actions import OwnDocument
from terresante.kernel.files.receiving import Received
from terresante.kernel.ui.forms import day_field, offer
from terresante.kernel.ui.translation import later
from terresante.patients.enums import DelegatedScope, DelegationBasis, DelegationProof, Relationship


class OwnRelativeForm(forms.Form):
    name = forms.CharField(
        label=later("Son nom"),
        max_length=150,
        error_messages={"required": later("Indiquez le nom de ce proche.")},
    )
    relationship = forms.ChoiceField(label=later("Qui est-ce pour vous ?"), choices=Relationship.choices)
    phone = forms.CharField(label=later("Son téléphone"), max_length=20, required=False)
    is_trusted_person = forms.BooleanField(
        label=later("C’est ma personne de confiance"),
        required=False,
        help_text=later(
            "On lui demande son avis si vous ne pouvez plus dire ce que vous voulez. "
            "Signez aussi avec elle un papier, et gardez-le."
        ),
    )
    is_person_to_warn = forms.BooleanField(
        label=later("C’est la personne à prévenir"),
        required=False,
        help_text=later("On l’appelle s’il vous arrive quelque chose."),
    )

    def relative(self) -> NewRelative:
        said = self.cleaned_data
        return NewRelative(
            name=said["name"],
            relationship=Relationship(said["relationship"]),
            phone=said["phone"],
            is_trusted_person=said["is_trusted_person"],
            is_person_to_warn=said["is_person_to_warn"],
        )


class CarerForm(forms.Form):
    email = forms.EmailField(
        label=later("Son adresse électronique"),
        error_messages={"required": later("Indiquez son adresse électronique.")},
    )
    scope = forms.MultipleChoiceField(
        label=later("Ce que cette personne peut lire ou faire"),
        choices=DelegatedScope.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=later("Elle voit toujours votre nom et votre équipe de soins. Cochez ce que vous ajoutez."),
    )
    valid_until = day_field(
        later("Jusqu’au"),
        required=False,
        help_text=later("Sans date, l’accès dure jusqu’à ce que vous le retiriez."),
    )

    def delegation(self) -> NewDelegation:
        said = self.cleaned_data
        return NewDelegation(
            basis=DelegationBasis.CARER,
            email=said["email"],
            proof=DelegationProof.ONLINE,
            scope=frozenset(DelegatedScope(name) for name in said["scope"]),
            valid_until=said["valid_until"],
        )


class GivenCodeForm(forms.Form):
    given_code = forms.CharField(
        label=later("Le code que l’on vous a donné"),
        max_length=20,
        help_text=later("Dix lettres et chiffres, par exemple ABCDE-FGHJK."),
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        ),
        error_messages={"required": later("Écrivez le code que l’on vous a donné.")},
    )


class InvitedForm(NewPasswordForm, GivenCodeForm):
    """The code, then the password of the account it opens."""

    field_order = ("given_code", "new", "again")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["new"].label = later("Choisissez un mot de passe")


class NameForm(forms.Form):
    """Of the members given, the one who may know from now on."""

    participant = forms.ChoiceField(
        label=later("Quelqu’un d’autre peut le savoir"),
        error_messages={"required": later("Choisissez quelqu’un de votre équipe.")},
    )

    def __init__(self, members: Sequence[CareTeamParticipant], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [
            ("", later("Choisissez dans votre équipe")),
            *((str(each.pk), each.name) for each in members),
        ]
        offer(self, "participant", choices)


class OwnDocumentForm(forms.Form):
    sent = sent_field(later("Le fichier, ou une photo"), many=False)
    type = forms.ChoiceField(
        label=later("Qu’est-ce que c’est ?"),
        choices=[("", later("Choisissez")), *((one.value, said) for one, said in OWN_TYPES.items())],
        error_messages={"required": later("Dites ce qu’est ce document.")},
    )
    title = forms.CharField(
        label=later("Son titre"),
        max_length=TITLE_MAX_LENGTH,
        error_messages={"required": later("Donnez-lui un titre.")},
    )
    dated_on = day_field(later("La date écrite dessus"), missing=later("Donnez la date du document."))
    readers = forms.ChoiceField(
        label=later("Qui le lit ?"),
        choices=[
            ("circle", later("Mon équipe de soins, chacun selon son métier")),
            ("kept", later("Moi seulement, pour l’instant")),
        ],
        widget=forms.RadioSelect,
        initial="circle",
    )

    def document(self, received: Received) -> OwnDocument:
        sent = self.cleaned_data
        return OwnDocument(
            received=received,
            type=DocumentType(sent["type"]),
            title=sent["title"],
            dated_on=sent["dated_on"],
            kept=sent["readers"] == "kept",
        )
