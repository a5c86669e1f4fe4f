import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.journey


def test_a_doctor_enters_with_the_code_of_his_telephone(visit, platform):
    doctor = visit()
    doctor.page.goto("/patients/")
    expect(doctor.page.get_by_role("heading", name="Se connecter")).to_be_visible()
    doctor.log_in(platform.account("h.fontanel"))
    expect(doctor.page.locator(".user-name")).to_contain_text("Fontanel", ignore_case=True)


def test_a_secretary_enters_with_the_code_she_reads_in_her_mailbox(visit, platform):
    secretary = visit()
    secretary.log_in(platform.account("p.lemoine"))
    expect(secretary.page.get_by_role("heading", name="Mes patients")).to_be_visible()


def test_a_wrong_code_is_refused_in_plain_words(visit, platform):
    stranger = visit()
    stranger.give_password(platform.account("c.vidal"))
    stranger.page.get_by_label("Code à six chiffres").fill("000000")
    stranger.page.get_by_role("button", name="Se connecter").click()
    expect(stranger.page.get_by_role("alert")).to_be_visible()
    stranger.page.goto("/")
    expect(stranger.page.get_by_role("heading", name="Se connecter")).to_be_visible()


def test_after_logout_the_back_button_shows_nothing_of_a_record(visit, platform):
    coordinator = visit()
    coordinator.log_in(platform.account("n.haddad"))
    path = coordinator.open_record("LE GOFF")
    coordinator.log_out()
    coordinator.page.go_back()
    expect(coordinator.page.get_by_role("heading", name="Se connecter")).to_be_visible()
    expect(coordinator.page.get_by_text("LE GOFF")).to_have_count(0)
    coordinator.page.goto(path)
    expect(coordinator.page.get_by_role("heading", name="Se connecter")).to_be_visible()
