from django.db.models import Q

from terresante.care_team.access import shares
from terresante.feed.models import FeedItem
from terresante.kernel.access import Action, rule
from terresante.kernel.actor import Actor

FEED_READ = Action("feed.read", "Consulter la chronologie")
FEED_MARK_READ = Action("feed.mark_read", "Marquer les nouveautés comme lues")
ALERT_ACKNOWLEDGE = Action("feed.acknowledge", "Prendre connaissance d’une alerte")


@rule(FEED_READ, FeedItem, visible=True)
def facts_shared_with(actor: Actor) -> Q:
    return shares(actor)


@rule(ALERT_ACKNOWLEDGE, FeedItem)
def alerts_seen(actor: Actor) -> Q:
    return shares(actor) & Q(is_alert=True)
