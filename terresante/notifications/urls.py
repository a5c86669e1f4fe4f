from django.urls import path

from terresante.notifications import views

app_name = "notifications"
urlpatterns = [
    path("notifications/", views.preferences, name="preferences"),
    path("notifications/appareils/", views.subscribe, name="subscribe"),
    path("notifications/appareils/renouveler/", views.renewal, name="renewal"),
    path(
        "notifications/appareils/<uuid:subscription_id>/fin/", views.end_subscription, name="end_subscription"
    ),
]
