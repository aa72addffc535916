"""The Django project, and the ground that both apps stand on."""
