/**
 * Builds what is run without sources into dist/:
 *
 *   dashboard   collab/dashboard → dist/dashboard/     the page: main.js, main.css, index.html, and parts/ that it loads when it needs them
 *   program     main.ts          → dist/eigenwatch.mjs for Node and Deno, and the parts that commands load: dist/program/
 *   libraries   collab/shared-session.ts → dist/collab.mjs, and collab/session-client.ts → dist/client.mjs: programs and pages import them as
 *               eigenwatch/collab and eigenwatch/client
 *
 *     build.mjs [dashboard] [program] [library] [--quiet] [--force]
 *
 * A part whose sources have not changed since its last build is left as it is. Plain JavaScript, because an installation for use has nothing
 * that runs TypeScript on Node 20, and esbuild is loaded only when something is built: a start that builds nothing is quick.
 */

import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { builtinModules } from "node:module";
import { basename, dirname, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { constants } from "./constants.mjs";
import { ROOT } from "./runtime.mjs";

/** The built program, which Node and Deno run, and the folder of its parts. */
export const PROGRAM = "dist/eigenwatch.mjs";
export const PROGRAM_PARTS = "dist/program";
/** What Node keeps compiled of it (actors/command-line/run.ts). */
const COMPILED = "dist/.compiled";

const DASHBOARD = "collab/dashboard";
/** What the page loads when it needs it. */
const DASHBOARD_PARTS = "dist/dashboard/parts";

/** Copied as they are, from the dashboard's folder itself. */
const STATIC = /\.(html|svg|png|ico|webmanifest|woff2)$/;

/** A change of the build is a change of what it makes; package-lock.json stands for all files of packages. */
const ALWAYS_INPUTS = [".ci/build.mjs", ".ci/constants.mjs", "package-lock.json"];

/**
 * @typedef {object} Part
 * @property {string} name
 * @property {() => import("esbuild").BuildOptions} options
 * @property {() => [from: string, to: string][]} copies  files to copy, relative to the root, and where to
 * @property {string} [executable]
 * @property {string} [folder]  of outputs that have a hash in their names
 */

/**
 * What a part was made from: its inputs' names and their digest, and the packages in it.
 * @typedef {{ inputs: string[], digest: string, outputs: string[], packages: string[] }} Stamp
 */

/** A CommonJS dependency asks for `require`, which a module lacks. */
export const REQUIRE_BANNER = `import { createRequire as createRequireOfBundle } from "node:module";
const require = createRequireOfBundle(import.meta.url);`;

/** Benches drive browsers and peers that only a checkout has: the built program refuses to run them. @type {import("esbuild").Plugin} */
const withoutBenches = {
  name: "without benches",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\.\/mod\.ts$/ }, ({ resolveDir }) =>
      basename(resolveDir) === "bench" ? { path: "benches", namespace: "absent" } : undefined,
    );
    onLoad({ filter: /.*/, namespace: "absent" }, () => ({
      contents: `export async function runBench() {
        process.stderr.write("Cannot run benches in the built program: expected a checkout (npm run bench)\\n");
        return 2;
      }`,
    }));
  },
};

/** Deno knows `events` only as `node:events`. @type {import("esbuild").Plugin} */
export const prefixedBuiltins = {
  name: "prefixed builtins",
  setup({ onResolve }) {
    const names = new Set(builtinModules);
    onResolve({ filter: /^[a-z_/]+$/ }, ({ path }) =>
      names.has(path) ? { path: `node:${path}`, external: true } : undefined,
    );
  },
};

/** @type {Part[]} */
const PARTS = [
  {
    name: "dashboard",
    options: () => ({
      // The second is a service worker: it shares nothing with the page.
      entryPoints: [`${DASHBOARD}/main.tsx`, `${DASHBOARD}/push-worker.ts`],
      outdir: "dist/dashboard",
      entryNames: "[name]",
      // What the page loads when it needs it, and what that has in common with the page.
      chunkNames: `${relative("dist/dashboard", DASHBOARD_PARTS)}/[name]-[hash]`,
      splitting: true,
      platform: "browser",
      format: "esm",
      target: "es2022",
      jsx: "automatic",
      jsxImportSource: "preact",
      minify: true,
      sourcemap: "external",
      // Fonts and pictures named in style sheets are copied beside them.
      external: ["*.woff2", "*.png", "*.svg"],
    }),
    copies: () => [
      ...filesOfDashboard(STATIC).map(
        /** @returns {[string, string]} */ (path) => [path, `dist/dashboard/${basename(path)}`],
      ),
      // The session that `?demo` plays (tests/browser/record-demo.ts).
      [`${DASHBOARD}/demo/session.gz`, "dist/dashboard/demo.gz"],
    ],
    folder: DASHBOARD_PARTS,
  },
  {
    name: "program",
    options: () => ({
      entryPoints: [{ in: "main.ts", out: basename(PROGRAM, ".mjs") }],
      outdir: dirname(PROGRAM),
      entryNames: "[name]",
      chunkNames: `${relative(dirname(PROGRAM), PROGRAM_PARTS)}/[name]-[hash]`,
      outExtension: { ".js": ".mjs" },
      splitting: true,
      platform: "node",
      format: "esm",
      target: "node20",
      banner: { js: programBanner() },
      // Optional native helpers of ws: it does without them.
      external: ["bufferutil", "utf-8-validate"],
      plugins: [prefixedBuiltins, withoutBenches, constants],
    }),
    copies: () => [],
    executable: PROGRAM,
    folder: PROGRAM_PARTS,
  },
  {
    name: "library",
    options: () => ({
      entryPoints: [
        { in: "collab/shared-session.ts", out: "collab" },
        { in: "collab/session-client.ts", out: "client" },
      ],
      outdir: "dist",
      outExtension: { ".js": ".mjs" },
      platform: "neutral",
      mainFields: ["module", "main"],
      format: "esm",
      target: "es2022",
      // A second copy of Yjs does not know the documents of the first.
      external: ["yjs", "y-websocket", "y-protocols/*", "lib0/*"],
    }),
    copies: () => [],
  },
];

/** Whether all parts are as their sources are now. */
export function isBuilt() {
  return PARTS.every(isCurrent);
}

/**
 * Builds what is named, or everything, as far as its sources have changed.
 * @param {string[]} args as on the command line @returns {Promise<number>} exit code: 0, 1 after errors in the sources, 2 for wrong arguments
 */
async function build(args) {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { quiet: { type: "boolean", default: false }, force: { type: "boolean", default: false } },
  });
  const unknown = positionals.filter((name) => !PARTS.some((part) => part.name === name));
  if (unknown.length > 0) {
    console.error(
      `Cannot build ${unknown.join(", ")}: expected ${PARTS.map(({ name }) => name).join(" or ")}`,
    );
    return 2;
  }
  const asked = PARTS.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  const stale = asked.filter((part) => values.force || !isCurrent(part));
  if (stale.length === 0) return 0;
  const esbuild = await import("esbuild");
  try {
    for (const part of stale) await buildPart(esbuild, part, values.quiet);
    return 0;
  } catch (error) {
    // esbuild has printed the errors of the sources.
    if (error instanceof Error && "errors" in error) return 1;
    throw error;
  } finally {
    await esbuild.stop();
  }
}

/** @param {typeof import("esbuild")} esbuild @param {Part} part @param {boolean} isQuiet */
async function buildPart(esbuild, part, isQuiet) {
  const startedMs = Date.now();
  const copies = part.copies();
  const { outputFiles, metafile } = await esbuild.build({
    ...part.options(),
    absWorkingDir: ROOT,
    bundle: true,
    write: false,
    metafile: true,
    logLevel: "warning",
  });
  // What loads the parts is written after them: it may be started at any time.
  const made = outputFiles
    .sort((a, b) => Number(isInFolder(part, b)) - Number(isInFolder(part, a)))
    .map(writeOutput);
  for (const [from, to] of copies) writeAtomically(to, readFileSync(join(ROOT, from)));
  if (part.executable !== undefined) {
    chmodSync(join(ROOT, part.executable), 0o755);
    rmSync(join(ROOT, COMPILED), { recursive: true, force: true });
  }
  // Inputs that a plugin made up are no files; they stand in this file.
  const files = Object.keys(metafile.inputs).filter((path) => existsSync(join(ROOT, path)));
  const inputs = [
    ...files.filter((path) => packageOf(path) === null),
    ...copies.map(([from]) => from),
    ...ALWAYS_INPUTS,
  ];
  const packages = [...new Set(files.map(packageOf).filter((name) => name !== null))].sort();
  const outputs = [...made, ...copies.map(([, to]) => to)];
  const before = readStamp(part);
  /** @type {Stamp} */
  const stamp = { inputs, digest: digestOf(inputs), outputs, packages };
  writeAtomically(stampOf(part), JSON.stringify(stamp));
  // What was built before may still run, and load its parts on demand.
  if (part.folder !== undefined) deleteOthers(part.folder, [...outputs, ...(before?.outputs ?? [])]);
  const place = dirname(outputs[0] ?? "");
  if (!isQuiet)
    console.log(`Built ${part.name} into ${place}/ (${kilobytes(outputs)} kB, ${Date.now() - startedMs} ms)`);
}

/** Whether the part was built from the sources as they are now. @param {Part} part */
function isCurrent(part) {
  const stamp = readStamp(part);
  if (stamp === null) return false;
  const { inputs, digest, outputs } = stamp;
  const isWhole = [...inputs, ...outputs].every((path) => existsSync(join(ROOT, path)));
  return isWhole && part.copies().every(([from]) => inputs.includes(from)) && digestOf(inputs) === digest;
}

/** @param {Part} part @returns {Stamp | null} null: it was never built */
function readStamp(part) {
  const file = join(ROOT, stampOf(part));
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : null;
}

/** @param {Part} part */
function stampOf({ name }) {
  return `dist/.${name}.json`;
}

/** @param {Part} part @param {import("esbuild").OutputFile} file */
function isInFolder({ folder }, { path }) {
  return folder !== undefined && relative(ROOT, path).startsWith(folder);
}

/** @param {string} folder @param {string[]} kept */
function deleteOthers(folder, kept) {
  // A program of one part has no folder of parts.
  if (!existsSync(join(ROOT, folder))) return;
  const paths = readdirSync(join(ROOT, folder)).map((name) => `${folder}/${name}`);
  for (const path of paths) if (!kept.includes(path)) rmSync(join(ROOT, path), { force: true });
}

/** The package that a file belongs to: node_modules/ws, node_modules/@noble/hashes. Null for a file of ours. @param {string} path */
function packageOf(path) {
  return /^node_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? null;
}

/** @param {string[]} inputs */
function digestOf(inputs) {
  const hash = createHash("sha256");
  for (const path of inputs) hash.update(`${path}\0`).update(readFileSync(join(ROOT, path)));
  return hash.digest("hex");
}

/** @param {RegExp} pattern */
function filesOfDashboard(pattern) {
  const names = readdirSync(join(ROOT, DASHBOARD)).filter((name) => pattern.test(name));
  return names.sort().map((name) => `${DASHBOARD}/${name}`);
}

function programBanner() {
  const shebang = readFileSync(join(ROOT, "main.ts"), "utf8").startsWith("#!") ? "" : "#!/usr/bin/env node\n";
  return `${shebang}${REQUIRE_BANNER}`;
}

/** @param {import("esbuild").OutputFile} file @returns {string} where it is, relative to the root */
function writeOutput({ path, contents }) {
  const place = relative(ROOT, path);
  writeAtomically(place, contents);
  return place;
}

/** Another process may be serving or building the same file. @param {string} place @param {string | Uint8Array} contents */
function writeAtomically(place, contents) {
  const path = join(ROOT, place);
  mkdirSync(dirname(path), { recursive: true });
  const unfinished = join(dirname(path), `.${basename(path)}.${process.pid}`);
  writeFileSync(unfinished, contents);
  renameSync(unfinished, path);
}

/** @param {string[]} paths */
function kilobytes(paths) {
  const sizes = paths.filter((path) => !path.endsWith(".map")).map((path) => statSync(join(ROOT, path)).size);
  return Math.round(sizes.reduce((sum, size) => sum + size, 0) / 1000);
}

if (import.meta.url === pathToFileURL(resolve(process.argv[1] ?? "")).href)
  process.exitCode = await build(process.argv.slice(2));
