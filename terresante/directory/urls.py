from django.urls import path

from terresante.directory import views

app_name = "directory"
urlpatterns = [path("annuaire/", views.search, name="search")]
