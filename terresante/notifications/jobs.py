from terresante.kernel import rls
from terresante.kernel.actor import Actor
from terresante.kernel.jobs import loop, scheduled
from terresante.notifications.telling import forget_released, release


@loop(idle=1)
def tell_what_was_held() -> int:
    """Quiet hours that end, summaries of the day."""
    with rls.acting(Actor.job("notifications")):
        return release()


@scheduled("52 3 * * *")
def forget_what_was_told(actor: Actor) -> None:
    forget_released()
