import datetime

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('care_team', '0004_narrow_writes'),
    ]

    operations = [
        migrations.AddConstraint(
            model_name='emergencyaccess',
            constraint=models.CheckConstraint(condition=models.Q(('expires_at__lte', models.expressions.CombinedExpression(models.F('opened_at'), '+', models.Value(datetime.timedelta(seconds=14400))))), name='emergency_lasts_four_hours'),
        ),
    ]
