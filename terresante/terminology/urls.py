from django.urls import path

from terresante.terminology import views

app_name = "terminology"
urlpatterns = [path("administration/nomenclatures/", views.show_sets, name="sets")]
