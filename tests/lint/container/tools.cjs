// What the checks share: the packages that tests/lint/npm_tools installed, and reading YAML.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const { createRequire } = require("node:module");

if (!process.env.SIGHTLINE_LINT_TOOLS) throw new Error("run tests/lint/containers, which installs the tools and names their folder");
const packages = path.join(process.env.SIGHTLINE_LINT_TOOLS, "package.json");
const use = createRequire(path.resolve(packages));
const yaml = use("yaml");

// The documents of a YAML file. Throws with file and line when it is none, or names a key twice.
function readYaml(file) {
  return yaml.parseAllDocuments(fs.readFileSync(file, "utf8"), { merge: true }).map((document) => {
    if (document.errors.length > 0) throw new Error(`${file}: ${document.errors[0].message}`);
    return document.toJS();
  });
}

// All files below a folder, without what an operator keeps there.
function filesBelow(folder) {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const below = path.join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === "files" ? [] : filesBelow(below);
    return entry.name === ".env" ? [] : [below];
  });
}

// The folder with node_modules.
const toolsFolder = path.dirname(path.resolve(packages));

module.exports = { use, readYaml, filesBelow, toolsFolder };
