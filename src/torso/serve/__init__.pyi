from torso.serve.entry_points import app as app
from torso.serve.serve_settings import ServeSettings as ServeSettings
