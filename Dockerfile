# The image holds the program, CA certificates and nothing else: no shell, no
# other file, nothing to write to. A release is built with
#   docker build --build-arg VERSION=1.2.3 --build-arg REVISION="$(git rev-parse HEAD)" -t aksync .
# There is no syntax line: nothing here needs a newer frontend than the
# builder's own, and a builder that reaches no registry can do without.
ARG GO_IMAGE=docker.io/library/golang:1.26-bookworm

# The compiler runs on the builder's platform and compiles for the target's:
# an image for another architecture needs no emulation.
FROM --platform=${BUILDPLATFORM} ${GO_IMAGE} AS build
WORKDIR /src
# On their own, so that this layer is made anew only when a dependency changes.
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG TARGETOS
ARG TARGETARCH
ARG VERSION=dev
ARG REVISION=unknown
RUN --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 GOOS=${TARGETOS} GOARCH=${TARGETARCH} \
    go build -trimpath -ldflags "-s -w -X main.version=${VERSION} -X main.revision=${REVISION}" \
    -o /out/aksync ./cmd/aksync

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/aksync /aksync
ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title="aksync" \
      org.opencontainers.image.description="Keeps authentik's password stages as blueprints declare them" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# A number and not a name: there is no /etc/passwd, and Kubernetes can check
# runAsNonRoot by a number only.
USER 65532:65532
EXPOSE 9180
HEALTHCHECK --interval=30s --timeout=6s --start-period=10s CMD ["/aksync", "healthcheck"]
ENTRYPOINT ["/aksync"]
CMD ["run", "/blueprints"]
