# The server with the example conference in it:
#	docker build -t erleah . && docker run -p 8000:8000 erleah
# Your own conference, kept in a volume:
#	docker run -v erleah-data:/var/lib/erleah -v "$PWD:/in:ro" erleah erleah-ingest all /in/conference.json
#	docker run -v erleah-data:/var/lib/erleah -p 8000:8000 erleah
# Settings are environment variables: docs/settings.md.

# --- Build: compiler, libraries, the hardened civetweb; unit tests must pass ------------------
FROM debian:13 AS build
ENV ERLEAH_CACHE_DIR=/cache
WORKDIR /src
COPY script/env script/bootstrap script/build-civetweb script/fetch-weights script/
COPY subprojects subprojects
RUN apt-get update && script/bootstrap && rm -rf /var/lib/apt/lists/*
# Without the model's weights the image is whole and searches by words.
RUN mkdir -p /cache/weights/all-MiniLM-L6-v2 && script/fetch-weights
COPY . .
RUN bash -c '. script/env && configure build --prefix=/usr -Dlibdir=lib --buildtype=debugoptimized \
	-Dserver=enabled -Dcli=enabled -Dtests=enabled' \
	&& ninja -C build \
	&& meson test -C build --no-rebuild --suite unit --print-errorlogs \
	&& DESTDIR=/out meson install -C build --no-rebuild --strip \
	&& rm -rf /out/usr/include /out/usr/lib/pkgconfig \
	&& mkdir -p /out/usr/share/erleah/weights \
	&& cp -r /cache/weights/all-MiniLM-L6-v2 /out/usr/share/erleah/weights/ \
	&& ERLEAH_DATA=/out/var/lib/erleah build/ingest/erleah-ingest all examples/conference/conference.json

# --- Run: the shared libraries and three programs, as a user without rights -------------------
FROM debian:13-slim
RUN apt-get update \
	&& apt-get install -y --no-install-recommends ca-certificates tzdata libcurl4t64 libexpat1 libjson-c5 \
		libssl3t64 libhiredis1.1.0 libuv1t64 libsqlite3-0 libedit2 libstemmer0d libutf8proc3 \
	&& rm -rf /var/lib/apt/lists/* \
	&& useradd --system --uid 10001 --home-dir /var/lib/erleah --shell /usr/sbin/nologin erleah
COPY --from=build /out/usr /usr
COPY --from=build --chown=10001:10001 /out/var/lib/erleah /var/lib/erleah
USER 10001
WORKDIR /var/lib/erleah
ENV ERLEAH_DATA=/var/lib/erleah API_HOST=0.0.0.0 API_PORT=8000 LOG_FORMAT=json
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=3s --start-period=20s --retries=3 \
	CMD ["erleah-cli", "health", "--url", "http://127.0.0.1:8000"]
CMD ["erleah-server"]
