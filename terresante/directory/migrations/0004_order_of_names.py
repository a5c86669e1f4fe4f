"""A place, with or without a profession: rows are read in the order of their names, not sorted each time."""

from django.db import migrations, models


def add(name, *fields):
    index = models.Index(condition=models.Q(("active", True)), fields=[*fields, "search_name", "id"], name=name)
    return migrations.AddIndex(model_name="practitioner", index=index)


class Migration(migrations.Migration):
    dependencies = [("directory", "0003_pending")]
    operations = [add("practitioner_by_name"), add("practitioner_of_profession", "profession")]
