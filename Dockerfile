# syntax=docker/dockerfile:1
# The server in an image: built as a Debian package, run as a user without rights, on one writable volume.
#
#   docker build -t kwq .
#   docker run --rm -p 127.0.0.1:8080:8080 -v kwq-data:/data -e KWQ_TOKEN="$(openssl rand -hex 32)" kwq
#
# Inside, it listens on every address, so it wants a token: KWQ_TOKEN, or a mounted file and KWQ_TOKEN_FILE.
# A read-only root works: docker run --read-only --cap-drop ALL --security-opt no-new-privileges ...

FROM debian:12 AS build
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
WORKDIR /build
# The packages change seldom: a layer of their own.
COPY packages packages
COPY scripts/setup scripts/setup
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates git make \
    && scripts/setup run package \
    && rm -rf /var/lib/apt/lists/*
COPY . .
RUN make package SETUP=off \
    && mkdir /package \
    && cp build/release/kwq_*.deb /package/kwq.deb

FROM debian:12-slim
COPY --from=build /package/kwq.deb /tmp/package.deb
# The package names the libraries it needs.
RUN apt-get update \
    && apt-get install -y --no-install-recommends /tmp/package.deb \
    && rm -rf /var/lib/apt/lists/* /tmp/package.deb \
    && install -d -o 10001 -g 10001 -m 0700 /data
USER 10001:10001
VOLUME /data
EXPOSE 8080
ENV KWQ_ADDRESS=0.0.0.0 KWQ_DATA=/data KWQ_LOG_FORMAT=json
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /livez HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3 && read -r -t 2 line <&3 && [[ $line == *' 200 '* ]]"]
ENTRYPOINT ["/usr/bin/kwq"]
CMD ["serve"]
