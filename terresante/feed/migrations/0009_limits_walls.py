from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("feed", "0008_limits"), ("care_team", "0016_restricted_walls")]

    operations = [migrations.RunSQL("SELECT protect_limits('feed_feeditem')", migrations.RunSQL.noop)]
