from django.urls import path

from terresante.telemonitoring import views
from terresante.telemonitoring.answering import views as answer_views
from terresante.telemonitoring.contacts import views as contact_views
from terresante.telemonitoring.course import link_views

app_name = "telemonitoring"
urlpatterns = [
    path("", views.list_follow_ups, name="list"),
    path("commencer/", views.enrol, name="enrol"),
    path("<uuid:follow_up_id>/", views.show_follow_up, name="one"),
    path("<uuid:follow_up_id>/date/", views.move_anchor, name="move"),
    path("<uuid:follow_up_id>/adapter/", views.adapt, name="adapt"),
    path("<uuid:follow_up_id>/terminer/", views.end, name="end"),
    path("<uuid:follow_up_id>/suspendre/", views.suspend, name="suspend"),
    path("<uuid:follow_up_id>/reprendre/", views.resume, name="resume"),
    path("<uuid:follow_up_id>/lien/", link_views.make_link, name="make_link"),
    path("<uuid:follow_up_id>/lien/fermer/", link_views.revoke_link, name="revoke_link"),
    path("<uuid:follow_up_id>/proche/", link_views.name_carer, name="name_carer"),
    path("<uuid:follow_up_id>/fiche/", link_views.print_notice, name="notice"),
    path("<uuid:follow_up_id>/contacts/ajouter/", contact_views.add_contact, name="add_contact"),
    path("repondre/<uuid:expected_id>/", answer_views.operator_answer, name="operator_answer"),
    path("contacts/<uuid:contact_id>/", contact_views.show_contact, name="contact"),
]
