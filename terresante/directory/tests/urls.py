from django.urls import include, path

urlpatterns = [path("", include("terresante.directory.urls"))]
