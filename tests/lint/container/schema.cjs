// Objects of Kubernetes against its own description: values by the validators of kubernetes-models, and fields that do
// not exist by its types, because a validator lets an unknown field pass, as the cluster would drop it.
"use strict";

const path = require("node:path");
const { use, toolsFolder } = require("./tools.cjs");

const typescript = use("typescript");

function modelOf({ apiVersion, kind }) {
  const module = `kubernetes-models/${apiVersion}/${kind}`;
  try {
    return { module, Model: use(module)[kind] };
  } catch {
    return null;
  }
}

// Files that were parsed before, and what they came to: one process checks many texts against the same types.
const parsed = new Map();
let before;

// The errors of a TypeScript file that does not exist on disk.
function typeErrors(text) {
  const file = path.join(toolsFolder, "objects.ts");
  const options = { noEmit: true, strict: true, skipLibCheck: true, types: [], lib: ["lib.es2022.d.ts"],
                    module: typescript.ModuleKind.NodeNext, moduleResolution: typescript.ModuleResolutionKind.NodeNext };
  const host = typescript.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.getSourceFile = (name, ...rest) => {
    if (name === file) return typescript.createSourceFile(name, text, typescript.ScriptTarget.ES2022);
    if (!parsed.has(name)) parsed.set(name, getSourceFile(name, ...rest));
    return parsed.get(name);
  };
  host.fileExists = (name) => name === file || fileExists(name);
  host.readFile = (name) => (name === file ? text : readFile(name));
  before = typescript.createProgram([file], options, host, before);
  // Of this file alone: the types are the package's own affair.
  return typescript.getPreEmitDiagnostics(before, before.getSourceFile(file)).map((found) => ({
    line: found.file === undefined ? 0 : found.file.getLineAndCharacterOfPosition(found.start).line,
    message: typescript.flattenDiagnosticMessageText(found.messageText, " "),
  }));
}

// What is wrong with each of `objects` by itself.
function schemaComplaints(objects) {
  const complaints = [];
  const lines = [];
  for (const object of objects) {
    const label = `${object.kind} ${object.metadata?.name}`;
    const model = modelOf(object);
    if (model === null) {
      complaints.push(`${label}: Kubernetes has no ${object.kind} in ${object.apiVersion}`);
      continue;
    }
    try {
      new model.Model(object).validate();
    } catch (error) {
      complaints.push(`${label}: ${error.message}`);
    }
    const literal = JSON.stringify(object).replace(/\u2028|\u2029/g, " ");
    lines.push({ label, text: `(${literal}) satisfies import("${model.module}").I${object.kind};` });
  }
  for (const { line, message } of typeErrors(`${lines.map((each) => each.text).join("\n")}\nexport {};`)) {
    complaints.push(`${lines[line]?.label ?? "types"}: ${message}`);
  }
  return complaints;
}

module.exports = { schemaComplaints };
