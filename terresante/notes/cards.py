"""A note as a list shows it, drawn at once: tag after tag, twenty of them took half of the page (docs/bench.md)."""

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from terresante.kernel.ui.lines import month_title, tag_list, unread_tag
from terresante.kernel.ui.links import link
from terresante.kernel.ui.templatetags.ui import html, icon, joined, when
from terresante.notes.models import Note
from terresante.notes.queries import NoteLine

_CARD = (
    '{month}<article class="card note-card" id="note-{key}" aria-label="Note de {author}">'
    '<div class="note-author"><a href="{url}">{author}</a>{is_mine} {unread}</div>'
    '<div class="note-meta">{role}, {place}\u00a0· {written}{received}{amended}</div>'
    "{star}{answered}{text}{media}{tags}</article>"
)
_UNREAD = unread_tag("Non lue")
_TEXT = '<p class="note-text">{words}</p>'
_WHOLE = '<p class="note-text">{before}{words}{after}</p>'
_FOLDED = (
    '<details class="note-folded"><summary><span class="note-text">{beginning}</span>'
    '<span class="note-more link-action">Lire la suite</span></summary><p class="note-text">{rest}</p></details>'
)
_FOUND = '<p><a class="link-action" href="{url}">Lire la note entière</a></p>'
_STAR = (
    '<button class="note-star{css}" type="submit" form="star" formaction="{url}" hx-post="{url}" hx-swap="outerHTML"'
    ' name="starred" value="{value}" aria-pressed="{pressed}" aria-label="Note de {author} en favori"'
    ' title="{title}">{icon}</button>'
)
_ANSWERED = '<p class="note-answered">{icon} En réponse à <a href="{url}">{author}</a>, {written}</p>'


def card(line: NoteLine) -> SafeString:
    note = line.note
    url = link("notes:one", note.record_id, note.pk)
    return html(
        _CARD,
        month=month_title(line.month),
        key=str(note.pk),
        author=note.author_name,
        url=url,
        is_mine=" (moi)" if line.is_mine else "",
        unread=_UNREAD if line.is_unread else "",
        role=note.author_role,
        place=note.organization_name,
        written=when(note.written_at),
        received=html("\u00a0· reçue {at}", at=when(note.recorded_at)) if note.came_late else "",
        amended=html("\u00a0· corrigée {at}", at=when(note.amended_at)) if note.amended_at else "",
        star=star(note, is_starred=line.is_starred),
        answered=answered(line.answered) if line.answered else "",
        text=_text(line, url),
        media=render_to_string("notes/_media.html", {"note": note, "media": line.media})
        if line.media
        else "",
        tags=tags(note),
    )


def _text(line: NoteLine, url: str) -> SafeString:
    if line.found:
        words = joined(
            html("<mark>{words}</mark>" if is_found else "{words}", words=words)
            for words, is_found in line.found
        )
        before, among, after = line.note.text.partition("".join(words for words, _ in line.found))
        if among and not any(map(str.isalnum, before + after)):
            return html(_WHOLE, before=before, words=words, after=after)
        return joined((html(_TEXT, words=words), html(_FOUND, url=url)))
    if line.rest:
        return html(_FOLDED, beginning=line.beginning, rest=line.rest)
    return html(_TEXT, words=line.beginning)


def star(note: Note, *, is_starred: bool) -> SafeString:
    return html(
        _STAR,
        css=" is-starred" if is_starred else "",
        url=link("notes:star", note.record_id, note.pk),
        value="0" if is_starred else "1",
        pressed="true" if is_starred else "false",
        author=note.author_name,
        title="Retirer des favorites" if is_starred else "Mettre en favori",
        icon=icon("star"),
    )


def answered(note: Note) -> SafeString:
    """Of the note that another one answers."""
    return html(
        _ANSWERED,
        icon=icon("corner-up-left", size="small"),
        url=link("notes:one", note.record_id, note.pk),
        author=note.author_name,
        written=when(note.written_at),
    )


def tags(note: Note) -> SafeString:
    """Its type, and who does not read it."""
    told = [("", note.get_data_class_display())]
    if note.private_to_person_id:
        told.append(("lock", "Moi seulement"))
    if note.private_to_id:
        told.append(("lock", f"{note.organization_name} seulement"))
    if note.sector:
        told.append(("lock", f"Suivi restreint\u00a0: {note.get_sector_display().lower()}"))
    if note.hidden_from_patient:
        told.append(("eye-off", "Non visible par la personne"))
    if note.hidden_from_representative:
        told.append(("eye-off", "Masquée aux représentants et aidants"))
    return tag_list(told)
