from django.urls import path

from terresante.interop import robot_views as views

urlpatterns = [
    path("administration/robot/", views.rules, name="robot"),
    path("administration/robot/<uuid:rule_id>/", views.rule, name="robot_rule"),
    path("dossiers-a-informer/", views.to_inform, name="to_inform"),
    path("dossiers-a-informer/<uuid:prepared_id>/abandonner/", views.abandon, name="abandon_prepared"),
]
