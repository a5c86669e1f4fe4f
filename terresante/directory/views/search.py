from django.http import HttpResponse
from django.shortcuts import render

from terresante.directory import queries
from terresante.directory.access import DIRECTORY_READ
from terresante.directory.enums import Profession
from terresante.directory.forms import SearchForm
from terresante.kernel.screens import Request, reads


@reads(DIRECTORY_READ)
def search(request: Request) -> HttpResponse:
    form = SearchForm(request.GET)
    criteria = form.cleaned_data if form.is_valid() else {}
    profession = criteria.get("profession")
    found = queries.search_practitioners(
        request.actor,
        text=criteria.get("nom", ""),
        profession=Profession(profession) if profession else None,
        commune=criteria.get("commune"),
    )
    template = "directory/_results.html" if request.headers.get("HX-Request") else "directory/search.html"
    return render(request, template, {"form": form, "found": found, "asked": any(criteria.values())})
