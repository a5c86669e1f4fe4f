from django.db.models import Q

from terresante.care_team.access import shares
from terresante.feed.models import FeedItem
from terresante.kernel.access import Action, rule
from terresante.kernel.actor import Actor

FEED_READ = Action("feed.read", "Consulter la chronologie")


@rule(FEED_READ, FeedItem, visible=True)
def facts_shared_with(actor: Actor) -> Q:
    return shares(actor)
