from django.urls import path

from terresante.telemonitoring.answering import door_views, offline_views

app_name = "answers"
urlpatterns = [
    path("", door_views.link_follow_up, name="follow_up"),
    path("repondre/<uuid:expected_id>/", door_views.link_answer, name="answer"),
    path("maintenant/", door_views.link_tell_now, name="tell_now"),
    path("kit/", door_views.link_kit, name="kit"),
    path("terminer/", door_views.leave_link, name="leave"),
    path("hors-ligne/", offline_views.kept_answer, name="kept_answer"),
    path("sms/", offline_views.text_message, name="text_message"),
    path("<str:token>/", door_views.open_link, name="link"),
]
