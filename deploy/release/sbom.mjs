// node sbom.mjs SOURCES OUT VERSION: called by deploy/release/sbom.
//
// A component is a Debian package whose shared library the program loads, whose archive is linked into
// it, or whose headers are compiled into it (those of which there is neither, such as CLI11); and for
// the collector the npm packages that the dashboard is bundled from. The same build gives the same
// bytes.
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Enums, Models, Serialize, Spec, Validation } from "@cyclonedx/cyclonedx-library";
import { archivesOf, describe, headersOf, librariesOf, packagesOf } from "./sbom_files.mjs";

const PROGRAMS = [
  { name: "sightline-agent", build: "build/agent-static", page: false },
  { name: "sightline-collector", build: "build/release", page: true },
  { name: "sightline", build: "build/release", page: false },
];
const SPEC = Spec.Spec1dot6;

function property(name, value) {
  return new Models.Property(`sightline:${name}`, value);
}

function debianComponent(found, how) {
  const component = new Models.Component(Enums.ComponentType.Library, found.name, {
    version: found.version,
    bomRef: `deb:${found.name}`,
  });
  const query = `arch=${found.architecture}&distro=debian-12`;
  component.purl = `pkg:deb/debian/${encodeURIComponent(found.name)}@${encodeURIComponent(found.version)}?${query}`;
  for (const licence of found.licences) component.licenses.add(new Models.NamedLicense(licence));
  component.properties.add(property("in", how));
  component.properties.add(property("source", `${found.source} ${found.sourceVersion}`));
  component.properties.add(property("licence-file", found.copyright));
  return component;
}

// Debian packages, each once: a source package whose library is there does not count again for its
// headers.
function debianComponents(build, target, sources) {
  const program = path.join(build, "bin", target);
  const ways = [
    ["shared library", packagesOf(librariesOf(program))],
    ["archive linked in", packagesOf(archivesOf(build, target, sources))],
    ["headers compiled in", packagesOf(headersOf(build, target, sources))],
  ];
  const components = [];
  const covered = new Set();
  for (const [how, names] of ways) {
    const found = names.map(describe).filter((each) => !covered.has(each.source));
    for (const each of found) {
      covered.add(each.source);
      components.push(debianComponent(each, how));
    }
  }
  return components;
}

// What is in the dashboard's bundle: dependencies of the lock file, not those that only build it.
function pageComponents(sources) {
  const lock = JSON.parse(readFileSync(path.join(sources, "collector/page/package-lock.json"), "utf8"));
  const components = [];
  for (const [place, entry] of Object.entries(lock.packages)) {
    if (place === "" || entry.dev || entry.devOptional) continue;
    const name = place.split("node_modules/").at(-1);
    const component = new Models.Component(Enums.ComponentType.Library, name, {
      version: entry.version,
      bomRef: `npm:${name}`,
    });
    component.purl = `pkg:npm/${name.replace("@", "%40")}@${entry.version}`;
    if (entry.license) component.licenses.add(new Models.NamedLicense(entry.license));
    const [algorithm, digest] = entry.integrity.split("-");
    if (algorithm !== "sha512") throw new Error(`${name}: integrity is ${algorithm}`);
    component.hashes.set(Enums.HashAlgorithm["SHA-512"], Buffer.from(digest, "base64").toString("hex"));
    component.properties.add(property("in", "dashboard"));
    components.push(component);
  }
  return components;
}

function bomOf({ name, build, page }, sources, version) {
  const product = new Models.Component(Enums.ComponentType.Application, name, {
    version,
    bomRef: name,
  });
  product.licenses.add(new Models.SpdxLicense("Apache-2.0"));
  const epoch_s = Number(process.env.SOURCE_DATE_EPOCH);
  if (!Number.isInteger(epoch_s)) throw new Error("SOURCE_DATE_EPOCH must be seconds since 1970");
  const bom = new Models.Bom({
    metadata: new Models.Metadata({ component: product, timestamp: new Date(epoch_s * 1000) }),
  });
  const components = debianComponents(path.join(sources, build), name, sources);
  if (page) components.push(...pageComponents(sources));
  components.sort((a, b) => (a.bomRef.value < b.bomRef.value ? -1 : 1));
  for (const component of components) {
    bom.components.add(component);
    product.dependencies.add(component.bomRef);
  }
  return bom;
}

const [sources, out, version] = process.argv.slice(2);
const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(SPEC));
const validator = new Validation.JsonStrictValidator(SPEC.version);
for (const program of PROGRAMS) {
  const bom = bomOf(program, sources, version);
  const text = serializer.serialize(bom, { sortLists: true, space: 2 });
  const wrong = await validator.validate(text);
  if (wrong !== null) throw new Error(`${program.name}: not CycloneDX: ${JSON.stringify(wrong)}`);
  writeFileSync(path.join(out, `${program.name}.cdx.json`), `${text}\n`);
  console.log(`${program.name}.cdx.json: ${bom.components.size} components`);
}
