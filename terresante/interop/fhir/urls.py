from django.urls import path, re_path

from terresante.interop.fhir import views

urlpatterns = [
    path(".well-known/smart-configuration", views.smart_configuration, name="smart_configuration"),
    path(
        "fhir/.well-known/smart-configuration", views.smart_configuration, name="smart_configuration_of_base"
    ),
    path("fhir", views.root, name="fhir"),
    path("fhir/", views.root, name="fhir_base"),
    path("fhir/token", views.give, name="fhir_token"),
    path("fhir/metadata", views.metadata, name="fhir_metadata"),
    path("fhir/DocumentReference", views.documents, name="fhir_documents"),
    path("fhir/DocumentReference/_search", views.documents_by_form, name="fhir_documents_by_form"),
    path("fhir/DocumentReference/<uuid:document_id>", views.one_document, name="fhir_document"),
    path("fhir/List", views.lists, name="fhir_lists"),
    path("fhir/List/_search", views.lists_by_form, name="fhir_lists_by_form"),
    path("fhir/List/<uuid:list_id>", views.one_list, name="fhir_list"),
    path("fhir/Binary/<uuid:document_id>", views.binary, name="fhir_binary"),
    re_path("^fhir/", views.unknown, name="fhir_unknown"),
]
