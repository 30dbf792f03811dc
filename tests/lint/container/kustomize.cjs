// Reads a kustomization as far as it is used here: resources, labels, and what generators make. Whether kustomize makes
// the same of it is tried where kustomize or kubectl is installed.
"use strict";

const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { use, readYaml } = require("./tools.cjs");

const KEYS = ["apiVersion", "kind", "namespace", "resources", "labels", "images", "configMapGenerator", "secretGenerator"];

function keyOf(entry) {
  return entry.includes("=") ? entry.slice(0, entry.indexOf("=")) : path.basename(entry);
}

function addGenerated(result, kind, generators) {
  for (const { name, literals = [], files = [], behavior = "create", ...rest } of generators) {
    for (const key of Object.keys(rest)) result.complaints.push(`${kind} ${name}: ${key} is not looked at by this check`);
    const id = `${kind}/${name}`;
    const there = result.generated.get(id);
    if ((behavior === "merge") !== (there !== undefined)) result.complaints.push(`${id}: behavior ${behavior} does not fit: it is ${there ? "" : "not "}there before`);
    const data = there ?? new Map();
    for (const literal of literals) data.set(keyOf(literal), literal.slice(literal.indexOf("=") + 1));
    for (const file of files) data.set(keyOf(file), null);
    result.generated.set(id, data);
    result.files.push(...files.map((file) => file.replace(/^[^=]*=/, "")));
  }
}

// {objects, generated: "Kind/name" -> keys and values, images, files, complaints} of the kustomization in `folder`.
function readKustomization(folder) {
  const [document] = readYaml(path.join(folder, "kustomization.yaml"));
  const result = { objects: [], generated: new Map(), images: new Map(), files: [], complaints: [] };
  for (const key of Object.keys(document)) {
    if (!KEYS.includes(key)) result.complaints.push(`kustomization.yaml: ${key} is not looked at by this check`);
  }
  const listed = new Set(["kustomization.yaml"]);
  for (const resource of document.resources ?? []) {
    const there = path.join(folder, resource);
    listed.add(resource);
    if (!fs.existsSync(there)) {
      result.complaints.push(`kustomization.yaml: ${resource} is not there`);
    } else if (fs.statSync(there).isDirectory()) {
      const base = readKustomization(there);
      result.objects.push(...base.objects);
      result.complaints.push(...base.complaints);
      for (const [id, data] of base.generated) result.generated.set(id, data);
    } else {
      result.objects.push(...readYaml(there));
    }
  }
  for (const name of fs.readdirSync(folder)) {
    if (name.endsWith(".yaml") && !listed.has(name)) result.complaints.push(`kustomization.yaml: ${name} is listed nowhere`);
  }
  addGenerated(result, "ConfigMap", document.configMapGenerator ?? []);
  addGenerated(result, "Secret", document.secretGenerator ?? []);
  for (const image of document.images ?? []) result.images.set(image.name, image);
  return result;
}

// The objects as kustomize makes them, or null where there is no kustomize. Files that only an operator has are made up.
// Throws with kustomize's message when it refuses.
function render(kustomize, overlay, files) {
  const commands = [["kustomize", ["build"]], ["kubectl", ["kustomize"]]];
  const found = commands.find(([program]) => spawnSync(program, ["--help"]).error === undefined);
  if (found === undefined) return null;
  const copy = fs.mkdtempSync(path.join(os.tmpdir(), "sightline-kustomize-"));
  try {
    fs.cpSync(kustomize, copy, { recursive: true });
    for (const file of files) {
      fs.mkdirSync(path.dirname(path.join(copy, overlay, file)), { recursive: true });
      fs.writeFileSync(path.join(copy, overlay, file), "made up for this check\n");
    }
    const [program, words] = found;
    const built = spawnSync(program, [...words, path.join(copy, overlay)], { encoding: "utf8" });
    if (built.status !== 0) throw new Error(`${program} refuses it: ${built.stderr.trim()}`);
    return use("yaml").parseAllDocuments(built.stdout).map((document) => document.toJS());
  } finally {
    fs.rmSync(copy, { recursive: true });
  }
}

module.exports = { readKustomization, render };
