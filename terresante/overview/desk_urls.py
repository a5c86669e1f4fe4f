"""Pages outside a record; `overview/urls.py` takes them into its namespace."""

from django.urls import path

from terresante.overview import desk_views

urlpatterns = [
    path("", desk_views.home, name="home"),
    path("situation/", desk_views.situation, name="situation"),
]
