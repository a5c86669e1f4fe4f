from django.urls import path

from terresante.results import views

app_name = "results"
urlpatterns = [
    path("", views.list_results, name="list"),
    path("examens/", views.list_examinations, name="examinations"),
    path("examens/<uuid:observation_id>/", views.show_examination, name="examination"),
    path("<uuid:report_id>/", views.show_report, name="one"),
    path("<uuid:report_id>/comparer/", views.compare_reports, name="compare"),
]
