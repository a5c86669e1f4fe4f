"""Pages outside a record; `overview/urls.py` takes them into its namespace."""

from django.urls import path

from terresante.overview import desk_views as views
from terresante.overview import founding_views, new_patient_views, support_views

urlpatterns = [
    path("", views.home, name="home"),
    path("situation/", views.situation, name="situation"),
    path("patients/", views.my_patients, name="patients"),
    path("patients/structure/", views.structure_patients, name="structure_patients"),
    path("patients/hospitalises/", views.hospitalised, name="hospitalised"),
    path("patients/nouveau/", new_patient_views.new_patient, name="new_patient"),
    path("patients/nouveau/opposition/", founding_views.oppose_creation, name="oppose_creation"),
    path("patients/nouveau/retrait/", founding_views.allow_creation, name="allow_creation"),
    path("patients/lieux/", new_patient_views.birth_places, name="birth_places"),
    path(
        "appui/professionnels/<uuid:practitioner_id>/dossier/",
        support_views.support_record,
        name="support_record",
    ),
    path("recherche/", views.search, name="search"),
    path("annonce/", views.toast, name="toast"),
    path("annonce/nombre/", views.alert_count, name="alert_count"),
    path("dossiers/<uuid:record_id>/information/", new_patient_views.information, name="information"),
    path("dossiers/<uuid:record_id>/information/notice/", new_patient_views.notice, name="notice"),
]
