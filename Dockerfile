FROM python:3.11-slim

ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DJANGO_SETTINGS_MODULE=connector_platform.settings \
    PORT=8000

WORKDIR /app

# The requirements first: they change seldom, and so does this layer.
COPY pyproject.toml constraints.txt ./
COPY stack/bootstrap.py stack/bootstrap.py
RUN python stack/bootstrap.py requirements > /tmp/requirements.txt \
    && pip install --no-cache-dir --disable-pip-version-check --constraint constraints.txt --requirement /tmp/requirements.txt \
    && rm /tmp/requirements.txt

COPY manage.py ./
COPY connector_platform connector_platform
COPY channels_app channels_app
COPY webhooks_app webhooks_app
COPY stack stack

RUN python -m compileall -q . && useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin connector \
    && install -d -m 0700 -o connector /var/spool/connector
USER connector

EXPOSE 8000

# The web server. The other processes are the same image with another command: see docker-compose.yml.
CMD ["sh", "-c", "exec python -m granian --interface wsgi --host 0.0.0.0 --port \"$PORT\" --workers \"${WEB_PROCESSES:-1}\" --blocking-threads 16 --respawn-failed-workers --workers-kill-timeout 25 --no-ws connector_platform.wsgi:application"]
