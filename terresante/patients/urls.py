from django.urls import path

from terresante.patients import death_views, insi_views, link_views, merge_views, moved_views, views

app_name = "patients"
urlpatterns = [
    path("", views.search, name="search"),
    path("nouvelle/", views.new_identity, name="new"),
    path("doublons/", merge_views.list_pairs, name="pairs"),
    path("a-revoir/", merge_views.list_denied, name="denied"),
    path("comparer/<uuid:one_id>/<uuid:other_id>/", merge_views.compare_two, name="compare"),
    path("comparer/<uuid:one_id>/<uuid:other_id>/fusionner/", merge_views.merge_two, name="merge"),
    path("comparer/<uuid:one_id>/<uuid:other_id>/distinguer/", merge_views.separate_two, name="tell_apart"),
    path("changements/", moved_views.show_moved, name="moved"),
    path("fusions/<uuid:merge_id>/defaire/", merge_views.undo, name="unmerge"),
    path("rattachements/", link_views.list_requests, name="link_requests"),
    path("rattachements/<uuid:request_id>/", link_views.show_request, name="link_request"),
    path("rattachements/<uuid:request_id>/decider/", link_views.decide_request, name="decide_link"),
    path("<uuid:patient_id>/", views.show_identity, name="identity"),
    path("<uuid:patient_id>/insi/", insi_views.ask_insi, name="ask_insi"),
    path("<uuid:patient_id>/insi/verification/", insi_views.verify_insi, name="verify_insi"),
    path("<uuid:patient_id>/piece/", views.show_document, name="document"),
    path("<uuid:patient_id>/corriger/", views.correct, name="correct"),
    path("<uuid:patient_id>/attributs/", views.flag, name="flag"),
    path("<uuid:patient_id>/deces/", death_views.clear, name="clear_death"),
]
