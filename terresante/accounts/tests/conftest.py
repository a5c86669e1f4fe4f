import pytest

from terresante.accounts.models import User
from terresante.accounts.tests.steps import PASSWORD
from tests.walls import walls_down


@pytest.fixture
def amar(cast):
    return with_password(cast.amar)


@pytest.fixture
def brun(cast):
    return with_password(cast.brun)


def with_password(actor):
    with walls_down():
        user = User.objects.get(pk=actor.user_id)
        user.set_password(PASSWORD)
        user.save()
    return user
