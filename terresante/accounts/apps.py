from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "terresante.accounts"
    label = "accounts"
