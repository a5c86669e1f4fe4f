from django.urls import path

from terresante.documents import file_views, views

app_name = "documents"
urlpatterns = [
    path("", views.list_documents, name="list"),
    path("deposer/", file_views.add_documents, name="add"),
    path("destinataires/", views.show_audience, name="audience"),
    path("<uuid:document_id>/", views.show_document, name="one"),
    path("<uuid:document_id>/contenu/", file_views.show_content, name="content"),
    path("<uuid:document_id>/telecharger/", file_views.download, name="download"),
    path("<uuid:document_id>/remplacer/", file_views.replace_document, name="replace"),
    path("<uuid:document_id>/partage/", views.share_document, name="share"),
    path("<uuid:document_id>/retirer/", views.withdraw_document, name="withdraw"),
]
