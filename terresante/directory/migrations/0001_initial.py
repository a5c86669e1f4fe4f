
import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import django.db.models.functions.text
import terresante.kernel.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='DirectoryImport',
            fields=[
                ('id', models.UUIDField(default=terresante.kernel.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('started_at', models.DateTimeField()),
                ('state', models.CharField(choices=[('applied', 'appliqué'), ('held', 'retenu, décision attendue'), ('discarded', 'écarté'), ('dry_run', 'essai à blanc')], max_length=10)),
                ('actor_name', models.CharField(max_length=200)),
                ('decided_by', models.CharField(blank=True, max_length=200)),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('files', models.JSONField(default=list)),
                ('seconds', models.FloatField(default=0)),
                ('counts', models.JSONField(default=dict)),
                ('held_because', models.CharField(blank=True, max_length=400)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Organization',
            fields=[
                ('id', models.UUIDField(default=terresante.kernel.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('source', models.CharField(choices=[('annuaire', 'Annuaire Santé'), ('finess', 'FINESS'), ('local', 'saisie locale')], max_length=10)),
                ('local_fields', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), blank=True, default=list, size=None)),
                ('name', models.CharField(max_length=200)),
                ('short_name', models.CharField(blank=True, max_length=80)),
                ('kind', models.CharField(choices=[('legal_entity', 'Entité juridique'), ('solo_practice', 'Cabinet individuel'), ('group_practice', 'Cabinet de groupe'), ('msp', 'Maison de santé pluriprofessionnelle'), ('health_centre', 'Centre de santé'), ('cpts', 'Communauté professionnelle territoriale de santé'), ('pharmacy', 'Pharmacie'), ('laboratory', 'Laboratoire de biologie médicale'), ('ssiad', 'Service de soins infirmiers à domicile'), ('sad', 'Service autonomie à domicile'), ('had', 'Hospitalisation à domicile'), ('ehpad', 'Établissement d’hébergement pour personnes âgées dépendantes'), ('usld', 'Unité de soins de longue durée'), ('public_hospital', 'Hôpital public'), ('private_hospital', 'Hôpital privé'), ('espic', 'Établissement de santé privé d’intérêt collectif'), ('smr', 'Soins médicaux et de réadaptation'), ('emergency', 'Service d’accueil des urgences'), ('samu', 'SAMU'), ('fire_and_rescue', 'Service d’incendie et de secours'), ('dac', 'Dispositif d’appui à la coordination'), ('clic', 'Centre local d’information et de coordination'), ('crisis_cell', 'Cellule de crise sanitaire'), ('carsic', 'CARSIC'), ('emg', 'Équipe mobile de gériatrie'), ('emsp', 'Équipe mobile de soins palliatifs'), ('3c', 'Centre de coordination en cancérologie'), ('network', 'Réseau de santé'), ('pmi', 'Protection maternelle et infantile'), ('cd', 'Conseil départemental'), ('ccas', 'Centre communal d’action sociale'), ('cpam', 'Caisse primaire d’assurance maladie'), ('cmp', 'Centre médico-psychologique'), ('csapa', 'Centre de soins, d’accompagnement et de prévention en addictologie'), ('caarud', 'Centre d’accueil et d’accompagnement à la réduction des risques'), ('pass', 'Permanence d’accès aux soins de santé'), ('pco', 'Plateforme de coordination et d’orientation'), ('camsp', 'Centre d’action médico-sociale précoce'), ('sessad', 'Service d’éducation spéciale et de soins à domicile'), ('residence', 'Foyer ou résidence'), ('mjpm', 'Service mandataire judiciaire'), ('transport', 'Transport sanitaire'), ('ars', 'Agence régionale de santé'), ('sesan', 'Groupement régional e-santé'), ('other', 'Autre structure')], default='other', max_length=20)),
                ('finess', models.CharField(blank=True, max_length=9, null=True, unique=True)),
                ('legal_finess', models.CharField(blank=True, max_length=9)),
                ('annuaire_id', models.CharField(blank=True, max_length=40, null=True, unique=True)),
                ('siret', models.CharField(blank=True, max_length=14)),
                ('sector', models.CharField(blank=True, max_length=4)),
                ('address', models.CharField(blank=True, max_length=400)),
                ('postal_code', models.CharField(blank=True, max_length=5)),
                ('commune_code', models.CharField(blank=True, max_length=5)),
                ('commune_name', models.CharField(blank=True, max_length=120)),
                ('phone', models.CharField(blank=True, max_length=30)),
                ('email', models.CharField(blank=True, max_length=254)),
                ('is_psychiatric', models.BooleanField(default=False)),
                ('active', models.BooleanField(default=True)),
                ('closed_on', models.DateField(blank=True, null=True)),
                ('search_name', models.CharField(editable=False, max_length=300)),
                ('search_words', models.GeneratedField(db_persist=True, expression=django.contrib.postgres.search.SearchVector('search_name', config='simple'), output_field=django.contrib.postgres.search.SearchVectorField())),
                ('part_of', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='parts', to='directory.organization')),
            ],
        ),
        migrations.CreateModel(
            name='Place',
            fields=[
                ('id', models.UUIDField(default=terresante.kernel.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('code', models.CharField(max_length=5)),
                ('kind', models.CharField(choices=[('commune', 'commune'), ('district', 'arrondissement municipal'), ('delegated', 'commune déléguée'), ('associated', 'commune associée'), ('country', 'pays étranger')], max_length=10)),
                ('name', models.CharField(max_length=120)),
                ('department', models.CharField(blank=True, max_length=3)),
                ('parent_code', models.CharField(blank=True, max_length=5)),
                ('postal_codes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=5), blank=True, default=list, size=None)),
                ('population', models.PositiveIntegerField(default=0)),
                ('search_name', models.CharField(editable=False, max_length=120)),
            ],
            options={
                'indexes': [models.Index(fields=['search_name'], name='directory_place_name', opclasses=['text_pattern_ops']), django.contrib.postgres.indexes.GinIndex(fields=['postal_codes'], name='directory_place_postal')],
                'constraints': [models.UniqueConstraint(fields=('code', 'kind'), name='directory_place_code_kind')],
            },
        ),
        migrations.CreateModel(
            name='Practitioner',
            fields=[
                ('id', models.UUIDField(default=terresante.kernel.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('source', models.CharField(choices=[('annuaire', 'Annuaire Santé'), ('finess', 'FINESS'), ('local', 'saisie locale')], max_length=10)),
                ('local_fields', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), blank=True, default=list, size=None)),
                ('rpps', models.CharField(blank=True, max_length=11, null=True, unique=True)),
                ('adeli', models.CharField(blank=True, max_length=9)),
                ('idnps', models.CharField(blank=True, max_length=40, null=True, unique=True)),
                ('family_name', models.CharField(max_length=100)),
                ('given_name', models.CharField(blank=True, max_length=100)),
                ('title', models.CharField(blank=True, max_length=40)),
                ('profession', models.CharField(choices=[('10', 'Médecin'), ('21', 'Pharmacien'), ('26', 'Audioprothésiste'), ('28', 'Opticien-lunetier'), ('31', 'Assistant dentaire'), ('32', 'Physicien médical'), ('35', 'Aide-soignant'), ('36', 'Ambulancier'), ('37', 'Auxiliaire de puériculture'), ('38', 'Préparateur en pharmacie hospitalière'), ('39', 'Préparateur en pharmacie (officine)'), ('40', 'Chirurgien-dentiste'), ('41', 'Assistant de service social'), ('42', 'Auxiliaire de vie sociale'), ('43', 'Technicien de l’intervention sociale et familiale'), ('44', 'Conseiller en économie sociale et familiale'), ('45', 'Médiateur familial'), ('46', 'Assistant familial'), ('47', 'Aide médico-psychologique'), ('48', 'Moniteur éducateur'), ('49', 'Éducateur de jeunes enfants'), ('50', 'Sage-femme'), ('51', 'Éducateur spécialisé'), ('52', 'Éducateur technique spécialisé'), ('53', 'Accompagnant éducatif et social'), ('60', 'Infirmier'), ('69', 'Infirmier psychiatrique'), ('70', 'Masseur-kinésithérapeute'), ('71', 'Ostéopathe'), ('72', 'Psychothérapeute'), ('73', 'Chiropracteur'), ('80', 'Pédicure-podologue'), ('81', 'Orthoprothésiste'), ('82', 'Podo-orthésiste'), ('83', 'Orthopédiste-orthésiste'), ('84', 'Oculariste'), ('85', 'Épithésiste'), ('86', 'Technicien de laboratoire médical'), ('91', 'Orthophoniste'), ('92', 'Orthoptiste'), ('93', 'Psychologue'), ('94', 'Ergothérapeute'), ('95', 'Diététicien'), ('96', 'Psychomotricien'), ('97', 'Conseiller en génétique'), ('98', 'Manipulateur d’électroradiologie médicale'), ('301', 'Coordination territoriale d’appui'), ('302', 'Aide et accompagnement à domicile'), ('307', 'Mandataire judiciaire à la protection des majeurs'), ('308', 'Pilote MAIA'), ('309', 'Gestionnaire de cas'), ('310', 'Équipe médico-sociale APA'), ('312', 'Autre professionnel'), ('330', 'Coordonnateur de parcours'), ('331', 'Secrétaire médicale'), ('332', 'Assistant médical'), ('333', 'Responsable de secteur'), ('350', 'Aide à domicile'), ('351', 'Assistant maternel'), ('G16_10', 'Médecin en formation'), ('G16_21', 'Pharmacien en formation'), ('G16_40', 'Chirurgien-dentiste en formation'), ('G16_50', 'Sage-femme en formation')], max_length=8)),
                ('specialty', models.CharField(blank=True, max_length=10)),
                ('specialty_label', models.CharField(blank=True, max_length=200)),
                ('email', models.CharField(blank=True, max_length=254)),
                ('mssante_email', models.CharField(blank=True, max_length=254)),
                ('phone', models.CharField(blank=True, max_length=30)),
                ('active', models.BooleanField(default=True)),
                ('struck_off_on', models.DateField(blank=True, null=True)),
                ('search_name', models.CharField(editable=False, max_length=220)),
                ('search_words', models.GeneratedField(db_persist=True, expression=django.contrib.postgres.search.SearchVector('search_name', config='simple'), output_field=django.contrib.postgres.search.SearchVectorField())),
                ('user', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='practitioner', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='PractitionerRole',
            fields=[
                ('id', models.UUIDField(default=terresante.kernel.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('source', models.CharField(choices=[('annuaire', 'Annuaire Santé'), ('finess', 'FINESS'), ('local', 'saisie locale')], max_length=10)),
                ('local_fields', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), blank=True, default=list, size=None)),
                ('profession', models.CharField(choices=[('10', 'Médecin'), ('21', 'Pharmacien'), ('26', 'Audioprothésiste'), ('28', 'Opticien-lunetier'), ('31', 'Assistant dentaire'), ('32', 'Physicien médical'), ('35', 'Aide-soignant'), ('36', 'Ambulancier'), ('37', 'Auxiliaire de puériculture'), ('38', 'Préparateur en pharmacie hospitalière'), ('39', 'Préparateur en pharmacie (officine)'), ('40', 'Chirurgien-dentiste'), ('41', 'Assistant de service social'), ('42', 'Auxiliaire de vie sociale'), ('43', 'Technicien de l’intervention sociale et familiale'), ('44', 'Conseiller en économie sociale et familiale'), ('45', 'Médiateur familial'), ('46', 'Assistant familial'), ('47', 'Aide médico-psychologique'), ('48', 'Moniteur éducateur'), ('49', 'Éducateur de jeunes enfants'), ('50', 'Sage-femme'), ('51', 'Éducateur spécialisé'), ('52', 'Éducateur technique spécialisé'), ('53', 'Accompagnant éducatif et social'), ('60', 'Infirmier'), ('69', 'Infirmier psychiatrique'), ('70', 'Masseur-kinésithérapeute'), ('71', 'Ostéopathe'), ('72', 'Psychothérapeute'), ('73', 'Chiropracteur'), ('80', 'Pédicure-podologue'), ('81', 'Orthoprothésiste'), ('82', 'Podo-orthésiste'), ('83', 'Orthopédiste-orthésiste'), ('84', 'Oculariste'), ('85', 'Épithésiste'), ('86', 'Technicien de laboratoire médical'), ('91', 'Orthophoniste'), ('92', 'Orthoptiste'), ('93', 'Psychologue'), ('94', 'Ergothérapeute'), ('95', 'Diététicien'), ('96', 'Psychomotricien'), ('97', 'Conseiller en génétique'), ('98', 'Manipulateur d’électroradiologie médicale'), ('301', 'Coordination territoriale d’appui'), ('302', 'Aide et accompagnement à domicile'), ('307', 'Mandataire judiciaire à la protection des majeurs'), ('308', 'Pilote MAIA'), ('309', 'Gestionnaire de cas'), ('310', 'Équipe médico-sociale APA'), ('312', 'Autre professionnel'), ('330', 'Coordonnateur de parcours'), ('331', 'Secrétaire médicale'), ('332', 'Assistant médical'), ('333', 'Responsable de secteur'), ('350', 'Aide à domicile'), ('351', 'Assistant maternel'), ('G16_10', 'Médecin en formation'), ('G16_21', 'Pharmacien en formation'), ('G16_40', 'Chirurgien-dentiste en formation'), ('G16_50', 'Sage-femme en formation')], max_length=8)),
                ('function', models.CharField(blank=True, max_length=10)),
                ('function_label', models.CharField(blank=True, max_length=120)),
                ('mode', models.CharField(blank=True, choices=[('L', 'Libéral'), ('S', 'Salarié'), ('B', 'Bénévole')], max_length=1)),
                ('phone', models.CharField(blank=True, max_length=30)),
                ('email', models.CharField(blank=True, max_length=254)),
                ('duties', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('privacy_officer', 'délégué à la protection des données'), ('identity_officer', 'cellule d’identitovigilance'), ('support_desk', 'support'), ('administrator', 'administrateur')], max_length=20), blank=True, default=list, size=None)),
                ('period_start', models.DateField()),
                ('period_end', models.DateField(blank=True, null=True)),
                ('source_key', models.CharField(blank=True, max_length=32, null=True, unique=True)),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='roles', to='directory.organization')),
                ('practitioner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='roles', to='directory.practitioner')),
            ],
        ),
        migrations.CreateModel(
            name='Unit',
            fields=[
                ('id', models.UUIDField(default=terresante.kernel.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('code', models.CharField(max_length=20)),
                ('name', models.CharField(max_length=120)),
                ('sensitivity', models.CharField(choices=[('ordinary', 'ordinaire'), ('psychiatry', 'psychiatrie'), ('addictology', 'addictologie'), ('abortion', 'interruption volontaire de grossesse'), ('secret_birth', 'accouchement dans le secret')], default='ordinary', max_length=12)),
                ('active', models.BooleanField(default=True)),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='units', to='directory.organization')),
            ],
        ),
        migrations.CreateModel(
            name='DirectoryImportRejection',
            fields=[
                ('id', models.UUIDField(default=terresante.kernel.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('level', models.CharField(choices=[('rejection', 'ligne rejetée'), ('warning', 'avertissement')], max_length=10)),
                ('file_name', models.CharField(max_length=200)),
                ('line', models.PositiveIntegerField()),
                ('column', models.CharField(blank=True, max_length=80)),
                ('sentence', models.CharField(max_length=300)),
                ('directory_import', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='remarks', to='directory.directoryimport')),
            ],
            options={
                'indexes': [models.Index(fields=['directory_import', 'file_name', 'line'], name='directory_remark_line')],
            },
        ),
        migrations.AddIndex(
            model_name='organization',
            index=django.contrib.postgres.indexes.GinIndex(fields=['search_words'], name='directory_org_words'),
        ),
        migrations.AddIndex(
            model_name='organization',
            index=models.Index(fields=['commune_code'], name='directory_org_commune'),
        ),
        migrations.AddIndex(
            model_name='organization',
            index=models.Index(fields=['postal_code'], name='directory_org_postal'),
        ),
        migrations.AddIndex(
            model_name='organization',
            index=models.Index(condition=models.Q(('active', True)), fields=['source'], include=('finess',), name='directory_org_open'),
        ),
        migrations.AddIndex(
            model_name='practitioner',
            index=django.contrib.postgres.indexes.GinIndex(fields=['search_words'], name='directory_practitioner_words'),
        ),
        migrations.AddIndex(
            model_name='practitioner',
            index=models.Index(condition=models.Q(('active', True)), fields=['search_name'], name='directory_practitioner_name', opclasses=['varchar_pattern_ops']),
        ),
        migrations.AddIndex(
            model_name='practitioner',
            index=models.Index(condition=models.Q(('active', True)), fields=['source'], include=('idnps',), name='directory_practitioner_open'),
        ),
        migrations.AddConstraint(
            model_name='practitioner',
            constraint=models.CheckConstraint(condition=models.Q(('rpps', None), ('idnps', django.db.models.functions.text.Concat(models.Value('8'), models.F('rpps'))), _connector='OR'), name='directory_practitioner_idnps_of_rpps'),
        ),
        migrations.AddIndex(
            model_name='practitionerrole',
            index=models.Index(condition=models.Q(('period_end', None)), fields=['organization', 'profession'], include=('practitioner',), name='directory_role_open'),
        ),
        migrations.AddConstraint(
            model_name='practitionerrole',
            constraint=models.CheckConstraint(condition=models.Q(('period_end', None), ('period_end__gte', models.F('period_start')), _connector='OR'), name='directory_role_ends_after_start'),
        ),
        migrations.AddConstraint(
            model_name='unit',
            constraint=models.UniqueConstraint(fields=('organization', 'code'), name='directory_unit_organization_code'),
        ),
    ]
