from django.urls import path

from terresante.overview import desk_urls, discharge_views, export_views, sheet_views, views

app_name = "overview"
urlpatterns = [
    *desk_urls.urlpatterns,
    path("dossiers/<uuid:record_id>/", views.show_record, name="record"),
    path("dossiers/<uuid:record_id>/nouveautes/", views.show_changes, name="changes"),
    path("dossiers/<uuid:record_id>/alertes/", views.show_alerts, name="alerts"),
    path("dossiers/<uuid:record_id>/a-savoir/", views.show_badges, name="badges"),
    path("dossiers/<uuid:record_id>/reuni/", views.show_moved, name="moved"),
    path("dossiers/<uuid:record_id>/nouveautes/lues/", views.mark_all_read, name="mark_all_read"),
    path(
        "dossiers/<uuid:record_id>/alertes/<uuid:item_id>/vue/", views.acknowledge_alert, name="acknowledge"
    ),
    path("dossiers/<uuid:record_id>/copie/", export_views.take_out, name="export"),
    path("dossiers/<uuid:record_id>/chronologie/", views.show_timeline, name="timeline"),
    path("dossiers/<uuid:record_id>/chronologie/imprimer/", views.print_timeline, name="timeline_print"),
    path("dossiers/<uuid:record_id>/retour-a-domicile/", discharge_views.show_latest, name="discharge"),
    path(
        "dossiers/<uuid:record_id>/retour-a-domicile/<uuid:document_id>/",
        discharge_views.show_letter,
        name="discharge_of",
    ),
    path("dossiers/<uuid:record_id>/fiche-urgence/", sheet_views.show_sheet, name="emergency_sheet"),
    path(
        "dossiers/<uuid:record_id>/fiche-urgence/imprimer/",
        sheet_views.print_sheet,
        name="print_emergency_sheet",
    ),
]
