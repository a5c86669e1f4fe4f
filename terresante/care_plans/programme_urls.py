from django.urls import path

from terresante.care_plans import programme_views as views

app_name = "programmes"
urlpatterns = [
    path("", views.list_programmes, name="list"),
    path("nouveau/", views.new_programme, name="new"),
    path("<uuid:programme_id>/", views.show_programme, name="one"),
    path("<uuid:programme_id>/general/", views.general, name="general"),
    path("<uuid:programme_id>/etapes/", views.step, name="new_step"),
    path("<uuid:programme_id>/etapes/<slug:part>/", views.step, name="step"),
    path("<uuid:programme_id>/sequences/", views.sequence, name="new_sequence"),
    path("<uuid:programme_id>/sequences/<slug:part>/", views.sequence, name="sequence"),
    path("<uuid:programme_id>/publier/", views.publish, name="publish"),
    path("<uuid:programme_id>/version/", views.start_version, name="start_version"),
    path("<uuid:programme_id>/inclusions/", views.open_or_close, name="open"),
    path("<uuid:programme_id>/facturation/", views.billing, name="billing"),
    path("<uuid:programme_id>/facturation/sequences.csv", views.sequences_file, name="sequences_file"),
    path("<uuid:programme_id>/facturation/inclusions.csv", views.inclusions_file, name="inclusions_file"),
    path("<uuid:programme_id>/facturation/<uuid:batch_id>.csv", views.batch_file, name="batch_file"),
]
