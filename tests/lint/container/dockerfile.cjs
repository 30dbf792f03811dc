// Rules for Dockerfiles: what dockerfile-utils finds, and what an operator may rely on in every image that runs.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const { use } = require("./tools.cjs");

const { validate } = use("dockerfile-utils");
const { DockerfileParser } = use("dockerfile-ast");

const LABELS = ["title", "description", "licenses", "version", "revision"];

function wordsOf(instruction) {
  return instruction.getArguments().map((argument) => argument.getValue());
}

// [{name, base, instructions}], one a stage, in the order of the file.
function stagesOf(dockerfile) {
  const stages = [];
  for (const instruction of dockerfile.getInstructions()) {
    if (instruction.getKeyword() === "FROM") {
      stages.push({ name: instruction.getBuildStage(), base: instruction.getImage(), instructions: [] });
    } else if (stages.length > 0) {
      stages[stages.length - 1].instructions.push(instruction);
    }
  }
  return stages;
}

function basesComplaints(stages, defaults) {
  const complaints = [];
  const known = new Set(["scratch"]);
  for (const { name, base } of stages) {
    const image = base.replace(/\$\{?(\w+)\}?/g, (_, variable) => defaults.get(variable) ?? "");
    const pinned = /:[\w][\w.-]*$/.test(image) && !image.endsWith(":latest");
    // Without a registry in front, an image of ours is one that was built on this machine.
    if (!known.has(image) && !pinned && !image.startsWith("sightline-")) {
      complaints.push(`FROM ${base}: no version is named`);
    }
    if (name) known.add(name);
  }
  return complaints;
}

function runComplaints(text) {
  const complaints = [];
  if (/\bapt-get\b.*\binstall\b/s.test(text)) {
    if (!text.includes("--no-install-recommends")) complaints.push("apt-get installs what is only recommended");
    if (!text.includes("rm -rf /var/lib/apt/lists/*")) complaints.push("apt's lists stay in the layer");
  }
  if (/\bsudo\b|curl[^|]*\|\s*(ba)?sh/.test(text)) complaints.push("no sudo, and no script from the network");
  return complaints;
}

// A stage that has an entry point is an image that runs.
function imageComplaints(stage) {
  const all = (keyword) => stage.instructions.filter((each) => each.getKeyword() === keyword);
  const complaints = [];
  const users = all("USER").map((user) => wordsOf(user)[0]);
  if (!/^[1-9]\d*:[1-9]\d*$/.test(users[users.length - 1] ?? "")) {
    complaints.push("USER must be two numbers above 0, so that runAsNonRoot can tell");
  }
  for (const keyword of ["ENTRYPOINT", "CMD"]) {
    for (const each of all(keyword)) {
      if (each.getOpeningBracket() === null) complaints.push(`${keyword} must be a JSON list: no shell passes signals on`);
    }
  }
  for (const check of all("HEALTHCHECK")) {
    if (!/\bCMD\s+\[/.test(check.getRawArgumentsContent() ?? "")) complaints.push("HEALTHCHECK must be a JSON list");
  }
  const labels = all("LABEL").flatMap((label) => label.getProperties().map((property) => property.getName()));
  for (const label of LABELS) {
    if (!labels.includes(`org.opencontainers.image.${label}`)) complaints.push(`has no label org.opencontainers.image.${label}`);
  }
  return complaints;
}

function fileComplaints(file) {
  const text = fs.readFileSync(file, "utf8");
  const complaints = validate(text, {}).map((found) => `line ${found.range.start.line + 1}: ${found.message}`);
  const dockerfile = DockerfileParser.parse(text);
  const defaults = new Map(
    dockerfile.getInitialARGs().map((arg) => arg.getProperty()).map((property) => [property.getName(), property.getValue()]),
  );
  const stages = stagesOf(dockerfile);
  complaints.push(...basesComplaints(stages, defaults));
  for (const stage of stages) {
    const found = [];
    for (const instruction of stage.instructions) {
      const keyword = instruction.getKeyword();
      if (keyword === "RUN") found.push(...runComplaints(instruction.getRawArgumentsContent() ?? ""));
      if (keyword === "ADD") found.push("COPY says what it does, ADD guesses");
      if (keyword === "ENV" && instruction.getProperties().some((each) => /PASSWORD|SECRET|TOKEN/.test(each.getName()))) {
        found.push("a secret does not belong into an image");
      }
    }
    if (stage.instructions.some((each) => each.getKeyword() === "ENTRYPOINT")) found.push(...imageComplaints(stage));
    complaints.push(...found.map((complaint) => `${stage.name ?? "the image"}: ${complaint}`));
  }
  return complaints;
}

// What is wrong with the Dockerfiles of `folder`.
function dockerfileComplaints(folder) {
  return ["Dockerfile", "geo.Dockerfile"].flatMap((name) =>
    fileComplaints(path.join(folder, name)).map((complaint) => `${name}: ${complaint}`),
  );
}

// The packages of Debian that an image of ours installs.
function runtimePackages(folder) {
  const dockerfile = DockerfileParser.parse(fs.readFileSync(path.join(folder, "Dockerfile"), "utf8"));
  const runtime = stagesOf(dockerfile).find((stage) => stage.name === "runtime");
  const text = runtime.instructions.map((each) => each.getRawArgumentsContent() ?? "").join("\n");
  return new Set((/install -y --no-install-recommends([^&]*)/.exec(text)?.[1] ?? "").replace(/\\/g, " ").trim().split(/\s+/));
}

module.exports = { dockerfileComplaints, runtimePackages };
