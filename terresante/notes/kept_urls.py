from django.urls import path

from terresante.notes import kept_views

app_name = "kept_notes"
urlpatterns = [path("cle/", kept_views.show_key, name="key")]
