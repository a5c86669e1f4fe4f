from django.urls import path

from terresante.interop import partner_views as views
from terresante.interop import sender_views

urlpatterns = [
    path("appel-contextuel/", views.launch, name="launch"),
    path("administration/emetteurs/", sender_views.senders, name="senders"),
    path("administration/emetteurs/<uuid:sender_id>/", sender_views.sender, name="sender"),
    path("administration/emetteurs/<uuid:sender_id>/essai/", sender_views.try_out, name="try_out"),
    path("partenaires/", views.partners, name="partners"),
    path("partenaires/<uuid:partner_id>/", views.partner, name="partner"),
    path("partenaires/<uuid:partner_id>/activer/", views.switch, name="switch_partner"),
    path("partenaires/<uuid:partner_id>/acces/", views.open_access, name="open_access"),
    path(
        "partenaires/<uuid:partner_id>/acces/<uuid:api_id>/revoquer/",
        views.revoke_access,
        name="revoke_access",
    ),
    path("partenaires/<uuid:partner_id>/cles/<uuid:key_id>/revoquer/", views.revoke_key, name="revoke_key"),
]
