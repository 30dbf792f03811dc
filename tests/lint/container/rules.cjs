// All rules for a folder like deploy/container.
"use strict";

const path = require("node:path");
const { composeComplaints } = require("./compose.cjs");
const { dockerfileComplaints } = require("./dockerfile.cjs");
const { readKustomization, render } = require("./kustomize.cjs");
const { containersOf, podComplaints } = require("./pods.cjs");
const { schemaComplaints } = require("./schema.cjs");
const { settingComplaints } = require("./settings.cjs");

const OVERLAY = "example";

function imageComplaints({ objects, images }) {
  const sets = objects.filter((object) => object.kind === "StatefulSet");
  const complaints = [];
  for (const { name, image } of sets.flatMap((set) => containersOf(set.spec.template.spec))) {
    const tag = images.get(image)?.newTag ?? images.get(image)?.digest;
    if (tag === undefined || tag === "latest") complaints.push(`${name}: no version of ${image} is named by the overlay`);
  }
  return complaints;
}

// {complaints, rendered}: rendered says whether kustomize was there.
function kubernetesComplaints(folder, { renders }) {
  const kustomize = path.join(folder, "kustomize");
  const read = readKustomization(path.join(kustomize, OVERLAY));
  const complaints = [...read.complaints, ...imageComplaints(read), ...schemaComplaints(read.objects)];
  complaints.push(...podComplaints(read.objects, read.generated));
  let objects = null;
  try {
    objects = renders ? render(kustomize, OVERLAY, read.files) : null;
    if (objects !== null) complaints.push(...schemaComplaints(objects).map((each) => `as built: ${each}`));
  } catch (error) {
    complaints.push(error.message);
  }
  return { complaints: complaints.map((each) => `kustomize: ${each}`), rendered: objects !== null };
}

// Everything that is wrong with `folder`, for programs whose sources are below `root`. A file that cannot be read at all
// is a complaint as well. `about` is the file that matters, where only one can be wrong; `renders`: kustomize is to be tried.
async function allComplaints(folder, root, { about = "", renders = true } = {}) {
  const complaints = [];
  let rendered = false;
  const checks = {
    Dockerfile: () => dockerfileComplaints(folder),
    "compose.yaml": () => composeComplaints(folder),
    kustomize: () => {
      const found = kubernetesComplaints(folder, { renders });
      rendered = found.rendered;
      return found.complaints;
    },
    "": () => settingComplaints(folder, root),
  };
  for (const [part, check] of Object.entries(checks)) {
    if (about !== "" && !about.startsWith(part)) continue;
    try {
      complaints.push(...(await check()));
    } catch (error) {
      complaints.push(error.message);
    }
  }
  return { complaints, rendered };
}

module.exports = { allComplaints };
