from django.urls import path

from terresante.notes import views

app_name = "notes"
urlpatterns = [
    path("", views.list_notes, name="list"),
    path("nouvelle/", views.write_note, name="write"),
    path("destinataires/", views.show_audience, name="audience"),
    path("<uuid:note_id>/", views.show_note, name="one"),
    path("<uuid:note_id>/corriger/", views.amend_note, name="amend"),
    path("<uuid:note_id>/favori/", views.star_note, name="star"),
    path("<uuid:note_id>/qui-la-lit/", views.change_limits, name="limits"),
]
