/**
 * Runs the checks of `.ci/checks` over the tree, prints what they find and which lines are excused, and exits 1 on any
 * finding. By itself: node .ci/task.mjs check
 */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, sep } from "node:path";
import { checkCycles, checkFolderCycles } from "./checks/cycles.ts";
import { checkDeterminism, listEscapes } from "./checks/determinism.ts";
import { checkDocuments } from "./checks/documents.ts";
import { checkGenerated } from "./checks/generated.ts";
import { checkImports } from "./checks/imports.ts";
import { checkOutput } from "./checks/output.ts";
import { checkSizes } from "./checks/sizes.ts";
import type { Finding, SourceFile } from "./checks/source.ts";
import { GENERATED, type GeneratedDocument } from "./documents/mod.ts";
import { ROOT } from "./runtime.mjs";

const SOURCE_FOLDERS = ["protocol", "actors", "collab", "sim", "tests", ".ci"];
const SOURCE_FILES = ["main.ts"];
const DOCUMENTS = [
  "README.md",
  "ARCHITECTURE.md",
  "CHANGELOG.md",
  "protocol/PROTOCOL.md",
  "sim/SIMULATION.md",
];

const sources = [...SOURCE_FOLDERS.flatMap(filesIn), ...SOURCE_FILES]
  .filter((path) => /\.(ts|tsx|mjs)$/.test(path) && existsSync(join(ROOT, path)))
  .map(read);
const documents = [...DOCUMENTS, ...filesIn("docs").filter((path) => path.endsWith(".md")), "main.ts"]
  .filter((path) => existsSync(join(ROOT, path)))
  .map(read);

const results: Record<string, Finding[]> = {
  imports: checkImports(sources),
  cycles: checkCycles(sources),
  folders: checkFolderCycles(sources),
  determinism: checkDeterminism(sources),
  output: checkOutput(sources),
  sizes: checkSizes(keptFiles()),
  documents: checkDocuments(documents, (path) => existsSync(join(ROOT, path))),
  generated: (await Promise.all(GENERATED.map(compared))).flat(),
};

for (const [name, findings] of Object.entries(results)) {
  console.log(`${name}: ${findings.length === 0 ? "ok" : `${findings.length} found`}`);
  for (const { path, line, message } of findings) console.log(`  ${path}:${line} ${message}`);
}
const escapes = listEscapes(sources);
console.log(`det-ok: ${escapes.length} ${escapes.length === 1 ? "line" : "lines"} excused`);
for (const { path, line, reason } of escapes) console.log(`  ${path}:${line} ${reason}`);
process.exitCode = Object.values(results).some((findings) => findings.length > 0) ? 1 : 0;

/** Paths of all files below a folder of the root, none where there is no such folder. */
function filesIn(folder: string): string[] {
  if (!existsSync(join(ROOT, folder))) return [];
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name).split(sep).join("/"))
    .sort((a, b) => (a < b ? -1 : 1));
}

/** What git knows; none in a tree without it, for example of an unpacked archive. */
function keptFiles(): { path: string; bytes: number }[] {
  if (!existsSync(join(ROOT, ".git"))) return [];
  return execFileSync("git", ["ls-files", "-z"], { cwd: ROOT, encoding: "utf8" })
    .split("\0")
    .filter((path) => path !== "" && existsSync(join(ROOT, path)))
    .map((path) => ({ path, bytes: statSync(join(ROOT, path)).size }));
}

async function compared({ path, make }: GeneratedDocument): Promise<Finding[]> {
  return checkGenerated(path, await make(), existsSync(join(ROOT, path)) ? read(path).text : null);
}

function read(path: string): SourceFile {
  return { path, text: readFileSync(join(ROOT, path), "utf8") };
}
