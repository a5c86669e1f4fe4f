from django.urls import path

from terresante.interop import message_views, partner_urls, robot_urls, views
from terresante.interop.fhir import urls as fhir_urls

app_name = "interop"
urlpatterns = [
    *partner_urls.urlpatterns,
    *robot_urls.urlpatterns,
    *fhir_urls.urlpatterns,
    path("a-verifier/", views.list_queue, name="queue"),
    path("a-verifier/<uuid:message_id>/", views.show_case, name="case"),
    path("a-verifier/<uuid:message_id>/message/", message_views.show_structure, name="structure"),
    path("a-verifier/<uuid:message_id>/message/identite/", message_views.show_identity, name="unmask"),
    path("a-verifier/<uuid:message_id>/patient/", views.choose_patient, name="patient"),
    path("a-verifier/<uuid:message_id>/personne/", views.say_nobody, name="nobody"),
    path("a-verifier/<uuid:message_id>/deces/", views.note_death, name="death"),
    path("a-verifier/<uuid:message_id>/ecarter/", views.set_aside, name="aside"),
    path("a-verifier/<uuid:message_id>/reprendre/", views.try_again, name="replay"),
]
