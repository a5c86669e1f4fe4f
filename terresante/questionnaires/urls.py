from django.urls import path

from terresante.questionnaires import views

app_name = "questionnaires"
urlpatterns = [
    path("", views.list_responses, name="list"),
    path("remplir/", views.choose_form, name="choose"),
    path("remplir/<uuid:version_id>/<slug:form_name>/", views.fill, name="fill"),
    path("<uuid:response_id>/", views.show_response, name="one"),
    path("<uuid:response_id>/comparer/", views.compare_responses, name="compare"),
    path("<uuid:response_id>/corriger/", views.amend, name="amend"),
    path("<uuid:response_id>/abandonner/", views.stop, name="stop"),
]
