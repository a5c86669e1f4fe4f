from django.urls import path

from terresante.home_care import views

app_name = "home_care"
urlpatterns = [
    path("", views.show_access, name="access"),
    path("modifier/", views.write_access, name="write"),
]
