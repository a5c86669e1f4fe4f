from django.db import migrations

# French words with their accents and endings forgiven. A configuration, not a function over `unaccent`: what it answers
# may stand in an index.
SQL = """
CREATE TEXT SEARCH CONFIGURATION french_words (COPY = pg_catalog.french);
ALTER TEXT SEARCH CONFIGURATION french_words
    ALTER MAPPING FOR hword, hword_part, word WITH unaccent, french_stem;
"""


class Migration(migrations.Migration):
    dependencies = [("kernel", "0008_switch_of_policies")]

    operations = [migrations.RunSQL(SQL, "DROP TEXT SEARCH CONFIGURATION french_words")]
