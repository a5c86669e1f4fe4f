from django.urls import path

from terresante.health_record import offered_views, views

app_name = "health_record"
urlpatterns = [
    path("", views.show_summary, name="summary"),
    path("mesures/", views.show_measures, name="measures"),
    path("destinataires/", views.show_audience, name="audience"),
    path("a-integrer/", offered_views.show_waiting, name="waiting"),
    path("a-integrer/<uuid:offer_id>/integrer/", offered_views.integrate, name="integrate"),
    path("a-integrer/<uuid:offer_id>/planifier/", offered_views.plan, name="plan"),
    path("a-integrer/<uuid:offer_id>/ecarter/", offered_views.put_aside, name="put_aside"),
    path("allergies/aucune/", views.add_no_allergy, name="no_allergy"),
    path("<slug:kind>/ajouter/", views.add_line, name="add"),
    path("<slug:kind>/<uuid:line_id>/", views.show_line, name="one"),
    path("<slug:kind>/<uuid:line_id>/corriger/", views.correct_line, name="correct"),
    path("<slug:kind>/<uuid:line_id>/avis/", views.judge_line, name="judge"),
]
