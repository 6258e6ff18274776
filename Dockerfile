# Builds for the architecture it runs on: docker build -t turnpike:0.1.0 .
#
# The base images are named by tag, and what a tag means may change. To build from exactly what you have looked at, look
# up their digests and name them. "docker buildx imagetools inspect IMAGE --format '{{.Manifest.Digest}}'" prints one:
#   docker build --build-arg BUILD_BASE=node:22-bookworm-slim@sha256:... \
#     --build-arg BASE=gcr.io/distroless/base-debian12:nonroot@sha256:... -t turnpike:0.1.0 .
ARG BUILD_BASE=node:22-bookworm-slim
ARG BASE=gcr.io/distroless/base-debian12:nonroot

FROM ${BUILD_BASE} AS build
WORKDIR /src
COPY package.json package-lock.json ./
# Of all install scripts only Bun's own is run: it puts the binary for this platform in its place.
RUN npm ci --ignore-scripts --no-audit --no-fund && npm rebuild bun
COPY . .
RUN npm run build

# The compiled binary needs glibc and nothing else.
FROM ${BASE}
LABEL org.opencontainers.image.title="turnpike" \
      org.opencontainers.image.description="Promotes applications from environment to environment on Flux" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /src/dist/turnpike /turnpike
# Bun makes 256 requests at once by default; of more, more are kept for those to our own API server.
ENV BUN_CONFIG_MAX_HTTP_REQUESTS=1024
USER 65532:65532
ENTRYPOINT ["/turnpike"]
CMD ["serve"]
