from django.urls import path

from terresante.accounts import views

app_name = "accounts"
urlpatterns = [
    path("connexion/", views.login, name="login"),
    path("connexion/code/", views.code, name="code"),
    path("connexion/code/renvoyer/", views.code_again, name="code_again"),
    path("deconnexion/", views.logout, name="logout"),
    path("demonstration/boite/", views.demonstration_mailbox, name="mailbox"),
]
