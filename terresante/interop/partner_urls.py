from django.urls import path

from terresante.interop import partner_views as views

urlpatterns = [
    path("appel-contextuel/", views.launch, name="launch"),
    path("partenaires/", views.partners, name="partners"),
    path("partenaires/<uuid:partner_id>/", views.partner, name="partner"),
    path("partenaires/<uuid:partner_id>/activer/", views.switch, name="switch_partner"),
    path("partenaires/<uuid:partner_id>/cles/<uuid:key_id>/revoquer/", views.revoke_key, name="revoke_key"),
]
