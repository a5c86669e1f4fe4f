from django.db.models import TextChoices

from terresante.care_team.enums import DataClass

# The classes of the role × data matrix that a note may have, in the order of the screen.
NOTE_CLASSES = (DataClass.MEDICAL, DataClass.CARE, DataClass.COORDINATION, DataClass.SOCIAL)
NOTE_CHOICES = [(name.value, name.label) for name in NOTE_CLASSES]
# In characters, once line ends are one character each.
NOTE_MAX_LENGTH = 20_000
# Of one note: what one photographs of a wound or of a home, still seen at a glance.
MOST_PHOTOS = 8
ALT_MAX_LENGTH = 200


class MediaKind(TextChoices):
    PHOTO = "photo", "Photo"
    VOICE = "voice", "Message vocal"


class NoteView(TextChoices):
    """Which notes of a record a page lists; the value is the parameter of its address."""

    RECENT = "recentes", "Récentes"
    UNREAD = "non-lues", "Non lues"
    FAVOURITES = "favorites", "Favorites"
