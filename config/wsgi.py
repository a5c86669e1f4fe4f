import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()

# What is loaded here stays as long as the process: no collection looks at it again. A page makes thousands of objects
# and nearly no cycle; a collection every 700 of them, the default, took a fourteenth of a page (docs/bench.md).
_ = get_resolver().url_patterns  # loads every view
gc.collect()
gc.freeze()
gc.set_threshold(50_000, 20, 50)
