import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.journey


def test_a_code_is_not_asked_again_on_a_trusted_device(visit, platform):
    nurse = visit()
    account = platform.account("c.marie")
    nurse.log_in(account, device="C’est mon appareil")
    nurse.log_out()
    nurse.page.get_by_label("Identifiant").fill(account.login)
    nurse.page.get_by_label("Mot de passe").fill(account.password)
    nurse.page.get_by_role("button", name="Continuer").click()
    expect(nurse.page.get_by_role("heading", name="Mes patients")).to_be_visible()


def test_a_home_help_enters_with_the_code_of_her_sms(visit, platform):
    helper = visit(phone=True)
    helper.give_password(platform.account("m.bardet"))
    expect(helper.page.get_by_text("par SMS au")).to_be_visible()
    helper.give_code_received()
    expect(helper.page.get_by_role("heading", name="Mes patients")).to_be_visible()
