from terresante.directory.actions.registration import forget_registrations
from terresante.kernel.actor import Actor
from terresante.kernel.jobs import scheduled


@scheduled("7 4 * * *")
def forget_old_registrations(actor: Actor) -> None:
    forget_registrations()
