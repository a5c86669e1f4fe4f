from django.urls import path

from terresante.telemonitoring.board import views
from terresante.telemonitoring.cells import statistics_views
from terresante.telemonitoring.cells import views as cell_views

app_name = "board"
urlpatterns = [
    path("telesuivi/", views.board, name="board"),
    path("telesuivi/activite/<uuid:cell_id>/", statistics_views.statistics, name="statistics"),
    path("telesuivi/<uuid:follow_up_id>/", views.alert, name="alert"),
    path("telesuivi/ligne/", views.row, name="row"),
    path("telesuivi/<uuid:follow_up_id>/prendre/", views.take, name="take"),
    path("telesuivi/<uuid:follow_up_id>/rendre/", views.release, name="release"),
    path("telesuivi/<uuid:follow_up_id>/appel/", views.call, name="call"),
    path("telesuivi/<uuid:follow_up_id>/medecin/", views.pass_on, name="pass"),
    path("telesuivi/<uuid:follow_up_id>/clore/", views.close, name="close"),
    path("administration/cellules/", cell_views.cells, name="cells"),
    path("administration/cellules/ouvrir/<uuid:organization_id>/", cell_views.new_cell, name="new_cell"),
    path("administration/cellules/<uuid:cell_id>/", cell_views.cell, name="cell"),
]
