from django.urls import path

from terresante.portal import views

app_name = "portal"
urlpatterns = [
    path("mon-dossier/", views.home, name="home"),
    path("mon-dossier/mon-cercle/", views.circle, name="circle"),
    path("mon-dossier/mes-suivis/", views.secrets, name="secrets"),
    path("mon-dossier/mes-choix/", views.choices, name="choices"),
    path("mon-dossier/mes-choix/lever-mon-opposition/", views.lift_opposition, name="lift_opposition"),
]
