# The collector's image with the operator's geo database in it, for Kubernetes: such a file is too large for a
# ConfigMap. A newer database is a newer tag. From a folder that holds nothing but country-asn.mmdb:
#
#   docker build --file geo.Dockerfile --build-arg COLLECTOR=registry.example/sightline-collector:0.2.0 \
#       --tag registry.example/sightline-collector:0.2.0-geo-2026-11 FOLDER
ARG COLLECTOR=sightline-collector
FROM ${COLLECTOR}
COPY --chmod=0444 country-asn.mmdb /usr/share/sightline/country-asn.mmdb
ENV SIGHTLINE_COLLECTOR_GEO=/usr/share/sightline/country-asn.mmdb
