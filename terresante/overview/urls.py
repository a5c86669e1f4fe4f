from terresante.overview import desk_urls

app_name = "overview"
urlpatterns = [*desk_urls.urlpatterns]
