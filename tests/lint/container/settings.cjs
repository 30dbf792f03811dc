// Rules for the settings that container files give: every variable is a flag of its program, and the libraries that the
// program needs are installed.
"use strict";

const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const { filesBelow } = require("./tools.cjs");

// Flags, as variables, in the sources that `wanted` chooses.
function flagsOf(folder, wanted) {
  const flags = new Set(["CONFIG"]);
  for (const name of fs.readdirSync(folder).filter(wanted)) {
    const text = fs.readFileSync(path.join(folder, name), "utf8");
    for (const [, flag] of text.matchAll(/add_(?:option|flag)\w*\(\s*"(?:-\w,)?--([a-z-]+)"/g)) {
      flags.add(flag.toUpperCase().replace(/-/g, "_"));
    }
  }
  return flags;
}

// Variables in the files of `folder` that the programs, whose sources are below `root`, do not know.
function settingComplaints(folder, root) {
  const known = {
    COLLECTOR: flagsOf(path.join(root, "collector"), (name) => name === "serve_flags.cc"),
    AGENT: flagsOf(path.join(root, "agent"), (name) => name.endsWith(".cc")),
  };
  const complaints = [];
  let seen = 0;
  for (const file of filesBelow(folder)) {
    const lines = fs.readFileSync(file, "utf8").split("\n");
    for (const [index, line] of lines.entries()) {
      for (const [variable, program, flag] of line.matchAll(/SIGHTLINE_(COLLECTOR|AGENT)_([A-Z0-9_]+)/g)) {
        seen += 1;
        if (known[program].has(flag)) continue;
        complaints.push(`${path.relative(folder, file)}:${index + 1}: ${variable} is no flag of the ${program.toLowerCase()}`);
      }
    }
  }
  if (seen === 0) complaints.push("no setting was found in any file; the pattern must be wrong");
  return complaints;
}

// Libraries that are in the base image.
const GIVEN = /^(libc6|libgcc-s1|libstdc\+\+6)$/;

// `packages` and all that they depend on, as dpkg knows it on this machine.
function withDependencies(packages) {
  const listed = spawnSync("dpkg-query", ["--show", "--showformat", "${Package}\t${Depends}\n"], { encoding: "utf8", maxBuffer: 1 << 26 });
  const wants = new Map((listed.stdout ?? "").split("\n").map((line) => line.split("\t")));
  const found = new Set();
  const open = [...packages];
  while (open.length > 0) {
    const name = open.pop();
    if (found.has(name)) continue;
    found.add(name);
    open.push(...(wants.get(name) ?? "").split(/[,|]/).map((each) => each.trim().split(/[ :]/)[0]).filter(Boolean));
  }
  return found;
}

// Packages of Debian with libraries that a program, built on this machine, is linked with, and that the image lacks.
// null when there is no such program, or no dpkg to ask.
function libraryComplaints(program, packages) {
  const linked = spawnSync("readelf", ["--dynamic", program], { encoding: "utf8" });
  const resolved = spawnSync("ldd", [program], { encoding: "utf8" });
  if (linked.status !== 0 || resolved.status !== 0) return null;
  const names = new Set([...linked.stdout.matchAll(/\(NEEDED\).*\[(.*)\]/g)].map((match) => match[1]));
  const files = [...resolved.stdout.matchAll(/^\s*(\S+) => (\/\S+)/gm)].filter((match) => names.has(match[1]));
  const real = files.flatMap((match) => [fs.realpathSync(match[2]), fs.realpathSync(match[2]).replace(/^\/usr/, "")]);
  const owners = spawnSync("dpkg", ["--search", ...real], { encoding: "utf8" });
  if (owners.error !== undefined || owners.stdout === "") return null;
  const needed = new Set(owners.stdout.trim().split("\n").map((line) => line.split(":")[0]));
  const installed = withDependencies(packages);
  return [...needed].filter((name) => !GIVEN.test(name) && !installed.has(name))
    .map((name) => `Dockerfile: runtime: does not install ${name}, which ${path.basename(program)} is linked with`);
}

module.exports = { settingComplaints, libraryComplaints };
