from django.urls import path

from terresante.stays import views

app_name = "stays"
urlpatterns = [path("", views.list_stays, name="list")]
