"""Templates as they are read from their files: French spaces held, and texts looked up where languages are several."""

from django.template import Origin
from django.template.loaders.app_directories import Loader as AppDirectories

from terresante.kernel.ui import translation
from terresante.kernel.ui.typography import spaced


class Loader(AppDirectories):
    def get_contents(self, origin: Origin) -> str:
        source, name = super().get_contents(origin), str(origin.template_name)
        if not name.endswith(".html"):
            return source
        source = spaced(source)
        if translation.several_languages() and translation.is_of_the_person(name):
            return translation.marked(source)
        return source
