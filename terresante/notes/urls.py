from django.urls import path

from terresante.notes import kept_views, media_views, views

app_name = "notes"
urlpatterns = [
    path("", views.list_notes, name="list"),
    path("nouvelle/", views.write_note, name="write"),
    path("gardee/", kept_views.send_note, name="send"),
    path("destinataires/", views.show_audience, name="audience"),
    path("<uuid:note_id>/", views.show_note, name="one"),
    path("<uuid:note_id>/corriger/", views.amend_note, name="amend"),
    path("<uuid:note_id>/favori/", views.star_note, name="star"),
    path("<uuid:note_id>/qui-la-lit/", views.change_limits, name="limits"),
    path("<uuid:note_id>/photos/<uuid:media_id>/", media_views.show_photo, name="photo"),
    path("<uuid:note_id>/photos/<uuid:media_id>/petite/", media_views.show_small, name="photo_small"),
    path("<uuid:note_id>/photos/<uuid:media_id>/contenu/", media_views.show_content, name="media_content"),
    path("<uuid:note_id>/photos/<uuid:media_id>/telecharger/", media_views.download, name="photo_download"),
    path("<uuid:note_id>/photos/<uuid:media_id>/retirer/", media_views.withdraw, name="media_withdraw"),
]
