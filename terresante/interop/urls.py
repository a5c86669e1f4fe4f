from django.urls import path

from terresante.interop import views

app_name = "interop"
urlpatterns = [
    path("", views.list_queue, name="queue"),
    path("<uuid:message_id>/", views.show_case, name="case"),
    path("<uuid:message_id>/patient/", views.choose_patient, name="patient"),
    path("<uuid:message_id>/personne/", views.say_nobody, name="nobody"),
    path("<uuid:message_id>/ecarter/", views.set_aside, name="aside"),
    path("<uuid:message_id>/reprendre/", views.try_again, name="replay"),
]
