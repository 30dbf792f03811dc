// Rules for compose.yaml: dclint and its schema, that names lead somewhere, and that every service is shut in.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const { use, readYaml } = require("./tools.cjs");

const { DCLinter } = use("dclint");

// Order and quotes are the author's; the rest of dclint's rules hold.
const OFF = ["no-quotes-in-volumes", "require-quotes-in-ports", "service-keys-order", "services-alphabetical-order",
             "top-level-properties-order", "service-dependencies-alphabetical-order"];

// Names of what a service uses, whether in the short form or the long one.
function used(service, kind) {
  const entries = Array.isArray(service[kind]) ? service[kind] : Object.keys(service[kind] ?? {});
  return entries.map((entry) => (typeof entry === "string" ? entry.split(":")[0] : entry.source));
}

function isolationComplaints(service) {
  const complaints = [];
  if (service.read_only !== true) complaints.push("read_only is not set");
  if (!(service.cap_drop ?? []).includes("ALL")) complaints.push("keeps capabilities");
  if (service.privileged || (service.cap_add ?? []).length > 0) complaints.push("takes privileges");
  if (!(service.security_opt ?? []).includes("no-new-privileges:true")) complaints.push("no-new-privileges is not set");
  for (const limit of ["mem_limit", "pids_limit", "cpus"]) {
    if (service[limit] === undefined) complaints.push(`has no ${limit}`);
  }
  if (!service.image.startsWith("sightline-") && service.user === undefined) complaints.push("has no user");
  return complaints;
}

function secretComplaints(service, secrets) {
  const mounted = (service.secrets ?? []).map((entry) => (typeof entry === "string" ? entry : entry.target ?? entry.source));
  const complaints = [];
  for (const [key, value] of Object.entries(service.environment ?? {})) {
    if (/PASSWORD|TOKEN|SECRET/.test(key) && !key.endsWith("_FILE")) complaints.push(`${key} is a secret in the environment`);
    if (/:\/\/[^@/]*:[^@/]*@/.test(String(value))) complaints.push(`${key} holds a password`);
  }
  const words = [...Object.values(service.environment ?? {}), ...(service.entrypoint ?? []), ...(service.command ?? [])];
  for (const [, name] of words.join(" ").matchAll(/\/run\/secrets\/([\w-]+)/g)) {
    if (!mounted.includes(name)) complaints.push(`/run/secrets/${name} is not mounted`);
  }
  for (const name of used(service, "secrets")) {
    if (secrets[name] === undefined) complaints.push(`secret ${name} is not defined`);
  }
  return complaints;
}

function referenceComplaints(service, compose) {
  const complaints = [];
  for (const kind of ["volumes", "networks"]) {
    for (const name of used(service, kind)) {
      if (!/^[./~]/.test(name) && !(name in (compose[kind] ?? {}))) complaints.push(`${kind}: ${name} is not defined`);
    }
  }
  for (const [name, { condition }] of Object.entries(service.depends_on ?? {})) {
    const other = compose.services[name];
    if (other === undefined) complaints.push(`depends on ${name}, which is no service`);
    else if (condition === "service_healthy" && other.healthcheck === undefined) complaints.push(`${name} has no healthcheck`);
  }
  for (const port of service.ports ?? []) {
    if (port.endsWith(":9464") && !port.startsWith("127.0.0.1:")) complaints.push("shows the dashboard without TLS to others");
  }
  return complaints;
}

function databaseComplaints(compose) {
  const complaints = [];
  for (const [name, service] of Object.entries(compose.services)) {
    if (!service.image.startsWith("postgres:")) continue;
    if (service.ports !== undefined) complaints.push(`${name}: the database is published`);
    for (const network of used(service, "networks")) {
      if (compose.networks[network]?.internal !== true) complaints.push(`${name}: its network ${network} is not internal`);
    }
  }
  return complaints;
}

// Defined, and used by nobody; or a file that demo_files does not make.
function leftoverComplaints(compose, folder) {
  const complaints = [];
  for (const kind of ["secrets", "volumes", "networks"]) {
    const wanted = new Set(Object.values(compose.services).flatMap((service) => used(service, kind)));
    for (const name of Object.keys(compose[kind])) {
      if (!wanted.has(name)) complaints.push(`${kind}: ${name} is used by no service`);
    }
  }
  const maker = fs.readFileSync(path.join(folder, "demo_files"), "utf8");
  for (const [name, { file }] of Object.entries(compose.secrets)) {
    if (!maker.includes(path.basename(file))) complaints.push(`secrets: ${name}: demo_files does not make ${file}`);
  }
  return complaints;
}

// What is wrong with the compose file of `folder`.
async function composeComplaints(folder) {
  const file = path.join(folder, "compose.yaml");
  const linter = new DCLinter({ rules: Object.fromEntries(OFF.map((rule) => [rule, 0])), quiet: false, debug: false, exclude: [] });
  const results = await linter.lintFiles([file], false);
  const complaints = results.flatMap((result) => result.messages.map((found) => `line ${found.line}: ${found.message} (${found.rule})`));
  const [compose] = readYaml(file);
  for (const [name, service] of Object.entries(compose.services)) {
    const found = [...isolationComplaints(service), ...secretComplaints(service, compose.secrets), ...referenceComplaints(service, compose)];
    complaints.push(...found.map((complaint) => `${name}: ${complaint}`));
  }
  complaints.push(...databaseComplaints(compose), ...leftoverComplaints(compose, folder));
  return complaints.map((complaint) => `compose.yaml: ${complaint}`);
}

module.exports = { composeComplaints };
