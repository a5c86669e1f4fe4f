from django.urls import path

from terresante.notifications import views

app_name = "notifications"
urlpatterns = [path("notifications/", views.preferences, name="preferences")]
