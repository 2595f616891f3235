FROM python:3.13-slim
RUN useradd --create-home --uid 10001 retour && install -d -o retour -g retour /data /data/keys
WORKDIR /app
COPY requirements/base.txt requirements/base.txt
RUN pip install --no-cache-dir --require-hashes -r requirements/base.txt
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY src src
RUN pip install --no-cache-dir --no-deps .
USER retour
ENV RETOUR_DATA_DIR=/data PYTHONUNBUFFERED=1
VOLUME /data
ENTRYPOINT ["retour"]
CMD ["up"]
