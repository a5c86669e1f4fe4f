from terresante.accounts.actions.devices import purge_sessions
from terresante.accounts.actions.login import purge_logins
from terresante.kernel.actor import Actor
from terresante.kernel.jobs import scheduled


@scheduled("27 * * * *")
def forget_what_is_over(actor: Actor) -> None:
    purge_logins()
    purge_sessions()
