// Rules for what runs in a cluster: that names lead somewhere, and that a pod keeps the "restricted" profile.
"use strict";

function containersOf(pod) {
  return [...(pod.initContainers ?? []), ...pod.containers];
}

function profileComplaints(pod) {
  const complaints = [];
  const security = pod.securityContext ?? {};
  if (security.runAsNonRoot !== true) complaints.push("runAsNonRoot is not set");
  if (security.seccompProfile?.type !== "RuntimeDefault") complaints.push("has no seccomp profile");
  if (pod.automountServiceAccountToken !== false) complaints.push("gets a token of the API server");
  if (pod.hostNetwork || pod.hostPID || pod.hostIPC) complaints.push("shares something with its host");
  for (const container of containersOf(pod)) {
    const own = container.securityContext ?? {};
    if (own.allowPrivilegeEscalation !== false) complaints.push(`${container.name}: may gain privileges`);
    if (own.readOnlyRootFilesystem !== true) complaints.push(`${container.name}: may write to its image`);
    if (!(own.capabilities?.drop ?? []).includes("ALL")) complaints.push(`${container.name}: keeps capabilities`);
    const { requests = {}, limits = {} } = container.resources ?? {};
    if (requests.cpu === undefined || requests.memory === undefined) complaints.push(`${container.name}: requests nothing`);
    if (limits.memory === undefined) complaints.push(`${container.name}: has no limit of memory`);
  }
  return complaints;
}

function probeComplaints(container) {
  const ports = (container.ports ?? []).map((port) => port.name);
  const paths = { startupProbe: "/livez", livenessProbe: "/livez", readinessProbe: "/healthz" };
  return Object.entries(paths).flatMap(([probe, wanted]) => {
    const get = container[probe]?.httpGet;
    if (get?.path !== wanted) return [`${container.name}: ${probe} does not ask ${wanted}`];
    return ports.includes(get.port) ? [] : [`${container.name}: ${probe} asks port ${get.port}, which is not there`];
  });
}

function volumeComplaints(pod, generated) {
  const complaints = [];
  const names = (pod.volumes ?? []).map((volume) => volume.name);
  const mounted = new Set();
  for (const container of containersOf(pod)) {
    for (const { name } of container.volumeMounts ?? []) {
      mounted.add(name);
      if (!names.includes(name)) complaints.push(`${container.name}: volume ${name} is not there`);
    }
    for (const { configMapRef } of container.envFrom ?? []) {
      if (!generated.has(`ConfigMap/${configMapRef?.name}`)) complaints.push(`${container.name}: nobody makes ConfigMap ${configMapRef?.name}`);
    }
  }
  for (const volume of pod.volumes ?? []) {
    if (!mounted.has(volume.name)) complaints.push(`volume ${volume.name} is mounted nowhere`);
    for (const id of [volume.secret && `Secret/${volume.secret.secretName}`, volume.configMap && `ConfigMap/${volume.configMap.name}`]) {
      if (id && !generated.has(id)) complaints.push(`volume ${volume.name}: nobody makes ${id}`);
    }
  }
  return complaints;
}

// Where each file is that the pod's containers find below a mount of a Secret or ConfigMap.
function filesOf(pod, generated) {
  const files = new Set();
  for (const { name, mountPath } of containersOf(pod).flatMap((container) => container.volumeMounts ?? [])) {
    const volume = (pod.volumes ?? []).find((each) => each.name === name) ?? {};
    const id = volume.secret ? `Secret/${volume.secret.secretName}` : `ConfigMap/${volume.configMap?.name}`;
    for (const key of generated.get(id)?.keys() ?? []) files.add(`${mountPath}/${key}`);
  }
  return files;
}

// Settings and arguments name files; those are mounted, copied by the container `keys`, or in the image.
function pathComplaints(pod, generated, settings) {
  const files = filesOf(pod, generated);
  const complaints = [];
  const copier = (pod.initContainers ?? []).find((container) => container.name === "keys");
  const target = copier.command[copier.command.length - 1];
  for (const source of copier.args) {
    if (!files.has(source)) complaints.push(`keys: ${source} is not there`);
    files.add(`${target}/${source.split("/").pop()}`);
  }
  for (const [key, value] of settings) {
    for (const [file] of String(value).matchAll(/\/(?:run\/keys|run\/secret|etc\/sightline-public)\/[\w.-]+/g)) {
      if (!files.has(file)) complaints.push(`${key}: ${file} is not there`);
    }
  }
  for (const key of ["SIGHTLINE_COLLECTOR_HTTP", "SIGHTLINE_COLLECTOR_LISTEN"]) {
    const port = Number(String(settings.get(key)).split(":").pop());
    const all = pod.containers.flatMap((container) => container.ports ?? []);
    if (!String(settings.get(key)).startsWith("0.0.0.0:")) complaints.push(`${key}: nobody outside the pod could connect`);
    if (!all.some((each) => each.containerPort === port)) complaints.push(`${key}: no container has the port ${port}`);
  }
  return complaints;
}

const matches = (selector, labels) =>
  Object.keys(selector ?? {}).length > 0 && Object.entries(selector).every(([key, value]) => labels[key] === value);

function selectorComplaints(objects, set) {
  const { labels } = set.spec.template.metadata;
  const ports = set.spec.template.spec.containers.flatMap((container) => container.ports ?? []).map((port) => port.name);
  const complaints = [];
  for (const object of objects) {
    const label = `${object.kind} ${object.metadata.name}`;
    const { spec } = object;
    const selectors = { Service: spec?.selector, PodDisruptionBudget: spec?.selector?.matchLabels,
                        NetworkPolicy: spec?.podSelector?.matchLabels, StatefulSet: spec?.selector?.matchLabels };
    if (object.kind in selectors && !matches(selectors[object.kind], labels)) complaints.push(`${label}: selects no pod`);
    const named = [...(object.kind === "Service" ? spec.ports.map((port) => port.targetPort) : []),
                   ...(object.kind === "NetworkPolicy" ? spec.ingress.flatMap((rule) => rule.ports).map((port) => port.port) : [])];
    for (const port of named) {
      if (!ports.includes(port)) complaints.push(`${label}: port ${port} is not there`);
    }
    if (object.kind === "PodDisruptionBudget" && !(spec.maxUnavailable >= 1 && spec.maxUnavailable < set.spec.replicas)) {
      complaints.push(`${label}: must let one go, and keep one, of ${set.spec.replicas}`);
    }
  }
  for (const { labelSelector } of set.spec.template.spec.topologySpreadConstraints ?? []) {
    if (!matches(labelSelector?.matchLabels, labels)) complaints.push("StatefulSet: the spread over nodes counts no pod");
  }
  return complaints;
}

// What is wrong with `objects` together. `generated` is what the kustomization makes of files and literals.
function podComplaints(objects, generated) {
  const find = (kind, name) => objects.find((object) => object.kind === kind && object.metadata.name === name);
  const set = objects.find((object) => object.kind === "StatefulSet");
  if (set === undefined) return ["there is no StatefulSet"];
  const pod = set.spec.template.spec;
  const complaints = [...profileComplaints(pod), ...volumeComplaints(pod, generated)];
  complaints.push(...pod.containers.flatMap(probeComplaints));
  if (set.spec.replicas < 2) complaints.push("one collector alone cannot be updated without a gap");
  if (find("Service", set.spec.serviceName) === undefined) complaints.push(`serviceName ${set.spec.serviceName} is no Service`);
  if (find("ServiceAccount", pod.serviceAccountName) === undefined) complaints.push(`${pod.serviceAccountName} is no ServiceAccount`);
  const node = pod.containers.flatMap((container) => container.env ?? []).find((each) => each.name === "SIGHTLINE_COLLECTOR_NODE");
  if (node?.valueFrom?.fieldRef?.fieldPath !== "metadata.name") complaints.push("two collectors would have one --node");
  const maps = pod.containers.flatMap((container) => container.envFrom ?? []).map((from) => from.configMapRef?.name);
  const settings = new Map(maps.flatMap((name) => [...(generated.get(`ConfigMap/${name}`) ?? [])]));
  if (!/^postgres(ql)?:\/\//.test(settings.get("SIGHTLINE_COLLECTOR_STORE"))) complaints.push("several collectors need PostgreSQL");
  if (/:\/\/[^@/]*:[^@/]*@/.test(settings.get("SIGHTLINE_COLLECTOR_STORE"))) complaints.push("a ConfigMap holds a password");
  complaints.push(...pathComplaints(pod, generated, settings));
  return [...complaints.map((complaint) => `StatefulSet ${set.metadata.name}: ${complaint}`), ...selectorComplaints(objects, set)];
}

module.exports = { podComplaints, containersOf };
