import django.db.models.deletion
import terresante.kernel.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0007_french_names'),
    ]

    operations = [
        migrations.AddField(
            model_name='session',
            name='opened_by',
            field=models.CharField(blank=True, choices=[('code', 'Mot de passe et code'), ('trusted_device', 'Mot de passe, sur un appareil de confiance'), ('recovery_code', 'Mot de passe et code de secours'), ('passkey', 'Clé d’accès'), ('psc', 'Pro Santé Connect'), ('cps', 'Carte CPS'), ('franceconnect', 'FranceConnect')], default='', max_length=20),
            preserve_default=False,
        ),
        migrations.CreateModel(
            name='FederatedIdentity',
            fields=[
                ('id', models.UUIDField(default=terresante.kernel.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('issuer', models.CharField(max_length=200)),
                ('subject', models.CharField(max_length=255)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='federated_identities', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'identité fédérée',
            },
        ),
        migrations.AddConstraint(
            model_name='federatedidentity',
            constraint=models.UniqueConstraint(fields=('issuer', 'subject'), name='one_account_per_federated_identity'),
        ),
    ]
