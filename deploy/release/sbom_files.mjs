// Which files of the system a program was made of, and which Debian packages they come from.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

// Standard output of a command.
function run(command, args, options = {}) {
  return execFileSync(command, args, { encoding: "utf8", maxBuffer: 1 << 28, ...options });
}

// Outside of the sources: those are Sightline's own.
function foreign(files, sources) {
  return files.filter((file) => path.isAbsolute(file) && !file.startsWith(`${sources}/`));
}

// Headers that were compiled into the objects of a target, as the compiler told ninja.
export function headersOf(build, target, sources) {
  const objects = run("ninja", ["-t", "inputs", target], { cwd: build })
    .split("\n")
    .filter((name) => name.endsWith(".o"));
  if (objects.length === 0) throw new Error(`${build}: ninja knows no objects of ${target}`);
  const said = run("ninja", ["-t", "deps", ...objects], { cwd: build });
  const headers = [...said.matchAll(/^ {4}(.+)$/gm)].map((match) => match[1]);
  if (headers.length === 0) throw new Error(`${build}: build ${target} first`);
  return foreign([...new Set(headers)], sources);
}

// Archives and objects that the linker reads: what it says itself when it links once more.
export function archivesOf(build, target, sources) {
  const command = run("ninja", ["-t", "commands", target], { cwd: build }).trimEnd().split("\n").at(-1);
  const output = ` -o bin/${target} `;
  if (!command.includes(output)) throw new Error(`${build}: how ${target} is linked is not clear`);
  const folder = mkdtempSync(path.join(tmpdir(), "sightline-sbom-"));
  try {
    const again = command.replace(output, ` -o ${folder}/out -Wl,--trace `);
    const said = run("sh", ["-c", `{ ${again}; } 2>&1`], { cwd: build });
    const files = [...said.matchAll(/(?:^|[\s(])(\/[^\s()]+\.(?:a|o))(?=[\s()]|$)/gm)].map((match) => match[1]);
    return foreign([...new Set(files)], sources);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

// Shared libraries that the program loads, those that they need too; none of a static program.
export function librariesOf(program) {
  const head = run("readelf", ["--program-headers", program]);
  if (!/^\s*INTERP/m.test(head)) return [];
  const said = run("ldd", [program]);
  if (said.includes("not found")) throw new Error(`${program}: ${said}`);
  return [...said.matchAll(/(\/\S+) \(0x/g)].map((match) => match[1]);
}

// The names that dpkg may have for a file: before and after /lib became a link to /usr/lib.
function namesOf(file) {
  const real = realpathSync(file);
  const names = [file, path.normalize(file), real];
  return [...new Set([...names, ...names.map((name) => name.replace(/^\/usr\/lib/, "/lib"))])];
}

// Names of the packages that the files belong to. Throws when one belongs to none.
export function packagesOf(files) {
  const asked = files.map((file) => [file, namesOf(file)]);
  const owners = new Map();
  const names = [...new Set(asked.flatMap(([, all]) => all))];
  for (let first = 0; first < names.length; first += 1000) {
    let said;
    try {
      said = run("dpkg-query", ["--search", ...names.slice(first, first + 1000)], { stdio: "pipe" });
    } catch (error) {
      said = error.stdout; // Some names belong to nobody: each file has several.
    }
    for (const line of said.split("\n")) {
      const match = /^([^ ].*?): (\/.*)$/.exec(line);
      if (match && !line.startsWith("diversion by")) owners.set(match[2], match[1].split(", ")[0]);
    }
  }
  const packages = new Set();
  for (const [file, all] of asked) {
    const owner = all.map((name) => owners.get(name)).find((each) => each !== undefined);
    if (owner === undefined) throw new Error(`${file} belongs to no Debian package`);
    packages.add(owner);
  }
  return [...packages];
}

// What dpkg knows of a package, and the licences that its copyright file names.
export function describe(name) {
  const format = "${Package}\\n${Version}\\n${Architecture}\\n${source:Package}\\n${source:Version}\\n";
  const said = run("dpkg-query", ["--show", `--showformat=${format}`, name]).split("\n");
  const [plain, version, architecture, source, sourceVersion] = said;
  const copyright = `/usr/share/doc/${plain}/copyright`;
  const text = existsSync(copyright) ? readFileSync(copyright, "utf8") : "";
  const licences = /^Format:/m.test(text)
    ? [...text.matchAll(/^License:[ \t]*(\S.*)$/gm)].map((match) => match[1].trim())
    : [];
  return { name: plain, version, architecture, source, sourceVersion, copyright,
    licences: [...new Set(licences)].sort() };
}
