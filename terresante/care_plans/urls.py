from django.urls import path

from terresante.care_plans import views

app_name = "care_plans"
urlpatterns = [
    path("", views.list_pathways, name="list"),
    path("inclure/<uuid:programme_id>/", views.include_patient, name="include"),
    path("<uuid:inclusion_id>/", views.show_inclusion, name="inclusion"),
    path("<uuid:inclusion_id>/sortie/", views.leave, name="leave"),
    path("etapes/<uuid:step_id>/", views.show_step, name="step"),
    path("etapes/<uuid:step_id>/faite/", views.step_done, name="done"),
]
