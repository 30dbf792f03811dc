// Breaks a copy of deploy/container, one thing at a time, and wants the complaint that says so: node breaks.cjs ROOT
"use strict";

const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { allComplaints } = require("./rules.cjs");

const SET = "kustomize/base/stateful_set.yaml";
const SERVICES = "kustomize/base/services.yaml";
const BASE = "kustomize/base/kustomization.yaml";
const EXAMPLE = "kustomize/example/kustomization.yaml";

// File, what is there, what is put in its place, and a part of the complaint.
const BREAKS = [
  ["Dockerfile", "ARG BASE=debian:bookworm-slim", "ARG BASE=debian", "no version is named"],
  ["Dockerfile", "USER 10002:10002", "USER sightline-agent", "agent: USER must be two numbers"],
  ["Dockerfile", "USER 10001:10001\nEXPOSE", "USER 0:0\nEXPOSE", "collector: USER must be two numbers"],
  ["Dockerfile", 'ENTRYPOINT ["/usr/bin/sightline-agent"]', "ENTRYPOINT /usr/bin/sightline-agent", "ENTRYPOINT must be a JSON list"],
  ["Dockerfile", 'CMD ["curl", "--fail"', 'CMD curl --fail', "HEALTHCHECK must be a JSON list"],
  ["Dockerfile", 'image.revision="${REVISION}"\nCOPY --from=build-agent', 'image.rev="x"\nCOPY --from=build-agent', "label org.opencontainers.image.revision"],
  ["Dockerfile", "COPY . .", "ADD . .", "ADD guesses"],
  ["Dockerfile", "--no-install-recommends ", "", "only recommended"],
  ["Dockerfile", "STOPSIGNAL SIGTERM", "STOPSIGNALS SIGTERM", "line"],
  ["Dockerfile", "SIGHTLINE_COLLECTOR_STORE", "SIGHTLINE_COLLECTOR_STORRE", "SIGHTLINE_COLLECTOR_STORRE is no flag of the collector"],
  ["Dockerfile", "SIGHTLINE_AGENT_STATE", "SIGHTLINE_AGENT_FOLDER", "SIGHTLINE_AGENT_FOLDER is no flag of the agent"],
  ["compose.yaml", "SIGHTLINE_COLLECTOR_GEO", "SIGHTLINE_COLLECTOR_GEOIP", "SIGHTLINE_COLLECTOR_GEOIP is no flag"],
  ["compose.yaml", "mem_limit: 2g", "mem_limitt: 2g", "collector: has no mem_limit"],
  ["compose.yaml", "mem_limit: 2g", "mem_limit: 2g\n    mem_limitt: 2g", "additional properties"],
  ["compose.yaml", "cap_drop: [ALL]", "cap_drop: []", "db: keeps capabilities"],
  ["compose.yaml", "read_only: true", "read_only: false", "agent-1: read_only is not set"],
  ["compose.yaml", "internal: true", "internal: false", "is not internal"],
  ["compose.yaml", '"127.0.0.1:9464:9464"', '"0.0.0.0:9464:9464"', "without TLS to others"],
  ["compose.yaml", "secrets: [tls-cert, tls-key, pgpass]", "secrets: [tls-cert, tls-key]", "/run/secrets/pgpass is not mounted"],
  ["compose.yaml", "{file: ./files/pgpass}", "{file: ./files/passwords}", "demo_files does not make"],
  ["compose.yaml", "sightline@db:5432", "sightline:hunter2@db:5432", "SIGHTLINE_COLLECTOR_STORE holds a password"],
  ["compose.yaml", "db: {condition: service_healthy}", "database: {condition: service_healthy}", "database, which is no service"],
  ["compose.yaml", "\n  agent-2: {}", "", "volumes: agent-2 is not defined"],
  [SET, "failureThreshold: 60", "failureTreshold: 60", "failureTreshold"],
  [SET, "replicas: 2", 'replicas: "2"', "must be integer"],
  [SET, "replicas: 2", "replicas: 1", "cannot be updated without a gap"],
  [SET, "path: /healthz", "path: /health", "readinessProbe does not ask /healthz"],
  [SET, "- name: http\n", "- name: web\n", "asks port http"],
  [SET, "runAsNonRoot: true", "runAsNonRoot: false", "runAsNonRoot is not set"],
  [SET, "drop: [ALL]", "drop: [NET_RAW]", "collector: keeps capabilities"],
  [SET, "limits: {memory: 2Gi}", "limits: {}", "collector: has no limit of memory"],
  [SET, "limits: {memory: 2Gi}", "limits: {memory: 2 GB}", "must match format"],
  [SET, "secretName: sightline-collector-keys", "secretName: sightline-keys", "nobody makes Secret/sightline-keys"],
  [SET, "/run/secret/pgpass", "/run/secret/password", "keys: /run/secret/password is not there"],
  [SET, "serviceName: sightline-collector-pods", "serviceName: pods", "serviceName pods is no Service"],
  [SET, "mountPath: /tmp", "mountPath: /tmp\n            - name: cache\n              mountPath: /cache", "volume cache is not there"],
  [SET, "fieldPath: metadata.name", "fieldPath: metadata.namespace", "two collectors would have one --node"],
  [SERVICES, "targetPort: agents", "targetPort: grpc", "Service sightline-collector: port grpc is not there"],
  [SERVICES, "component: collector", "component: collectors", "Service sightline-collector: selects no pod"],
  ["kustomize/base/disruption_budget.yaml", "maxUnavailable: 1", "maxUnavailable: 2", "must let one go, and keep one"],
  ["kustomize/base/disruption_budget.yaml", "policy/v1", "policy/v2", "Kubernetes has no PodDisruptionBudget in policy/v2"],
  ["kustomize/base/network_policy.yaml", "port: agents", "port: grpc", "NetworkPolicy sightline-collector: port grpc is not there"],
  [BASE, "- services.yaml", "- service.yaml", "service.yaml is not there"],
  [BASE, "  - network_policy.yaml\n", "", "network_policy.yaml is listed nowhere"],
  [BASE, "HTTP=0.0.0.0:9464", "HTTP=127.0.0.1:9464", "nobody outside the pod could connect"],
  [BASE, "/run/keys/tls.key", "/run/keys/key.pem", "/run/keys/key.pem is not there"],
  [EXAMPLE, "behavior: merge", "behavior: create", "does not fit"],
  [EXAMPLE, "STORE=postgresql:", "STORE=sqlite:", "several collectors need PostgreSQL"],
  [EXAMPLE, "    newTag: 0.2.0-geo-2026-11\n", "", "no version of sightline-collector"],
  [EXAMPLE, "files/operator.pub.pem", "files/operator.pem", "operator.pub.pem is not there"],
];

// A complaint about the unbroken files, or about a break that nobody noticed.
async function missesOf(root) {
  const source = path.join(root, "deploy", "container");
  const copy = fs.mkdtempSync(path.join(os.tmpdir(), "sightline-containers-"));
  const misses = [];
  try {
    fs.cpSync(source, copy, { recursive: true, filter: (from) => path.basename(from) !== "files" });
    for (const [name, before, after, wanted] of BREAKS) {
      const file = path.join(copy, name);
      const text = fs.readFileSync(file, "utf8");
      if (!text.includes(before)) {
        misses.push(`${name}: ${JSON.stringify(before)} is not there to be broken`);
        continue;
      }
      fs.writeFileSync(file, text.replace(before, () => after));
      const { complaints } = await allComplaints(copy, root, { about: name, renders: false });
      fs.writeFileSync(file, text);
      if (!complaints.some((complaint) => complaint.includes(wanted))) {
        misses.push(`${name}: ${JSON.stringify(after)}: expected "${wanted}", got: ${complaints.join("; ") || "nothing"}`);
      }
    }
    const { complaints } = await allComplaints(copy, root, { renders: false });
    misses.push(...complaints.map((complaint) => `when nothing is broken: ${complaint}`));
  } finally {
    fs.rmSync(copy, { recursive: true });
  }
  return misses;
}

missesOf(process.argv[2]).then((misses) => {
  console.log(misses.length > 0 ? misses.join("\n") : `${BREAKS.length} breaks were each noticed`);
  process.exit(misses.length > 0 ? 1 : 0);
});
