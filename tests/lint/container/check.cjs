// Checks deploy/container of a checkout: node check.cjs ROOT RELEASE_BUILD
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const { runtimePackages } = require("./dockerfile.cjs");
const { allComplaints } = require("./rules.cjs");
const { libraryComplaints } = require("./settings.cjs");

async function main([root, build]) {
  const folder = path.join(root, "deploy", "container");
  const { complaints, rendered } = await allComplaints(folder, root);
  let programs = 0;
  for (const name of ["sightline-collector", "sightline"]) {
    const program = path.join(build, "bin", name);
    const found = fs.existsSync(program) ? libraryComplaints(program, runtimePackages(folder)) : null;
    if (found === null) continue;
    programs += 1;
    complaints.push(...found);
  }
  if (complaints.length > 0) {
    console.error(complaints.join("\n"));
    return 1;
  }
  console.log(`deploy/container is good; kustomize ${rendered ? "built the example" : "is not here to build the example"}; ` +
              `the image has the libraries of ${programs} of 2 programs (those of build/release)`);
  return 0;
}

main(process.argv.slice(2)).then((code) => process.exit(code));
