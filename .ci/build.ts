/**
 * Builds what is run without sources into dist/:
 *
 *   dashboard   collab/dashboard → dist/dashboard/     the page: main.js, main.css, index.html
 *   program     main.ts          → dist/eigenwatch.mjs one file for Node and Deno
 *
 *     build.ts [dashboard] [program] [--quiet] [--force]
 *
 * A part whose sources have not changed since its last build is left as it is; one without an entry file is passed over.
 */

import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { builtinModules } from "node:module";
import { basename, dirname, join, relative } from "node:path";
import { parseArgs } from "node:util";
import { type BuildOptions, build, type OutputFile, type Plugin, stop } from "esbuild";
import { ROOT } from "./runtime.mjs";

/** Scripts that run beside the page's or the program's main thread; each becomes a file beside the main one. */
const DASHBOARD_WORKERS: string[] = [];
const PROGRAM_WORKERS: string[] = [];

/** Copied as they are, from the dashboard's folder itself. */
const STATIC = /\.(html|svg|png|ico|webmanifest|woff2)$/;

interface Part {
  name: string;
  /** Without it there is nothing to build yet. */
  entry: string;
  options: () => BuildOptions;
  /** Files to copy, relative to the root, and where to. */
  copies: () => [from: string, to: string][];
  executable?: string;
}

/** What a part was made from: its inputs' names and their digest. */
interface Stamp {
  inputs: string[];
  digest: string;
  outputs: string[];
}

const DASHBOARD = "collab/dashboard";

/** A change of the build is a change of what it makes. */
const OWN_SOURCE = ".ci/build.ts";

const PARTS: Part[] = [
  {
    name: "dashboard",
    entry: `${DASHBOARD}/main.tsx`,
    options: () => ({
      entryPoints: [`${DASHBOARD}/main.tsx`, ...DASHBOARD_WORKERS],
      outdir: "dist/dashboard",
      entryNames: "[name]",
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
      ...filesOfDashboard(STATIC).map((path): [string, string] => [path, `dist/dashboard/${basename(path)}`]),
      // The session that `?demo` plays (tests/browser/record-demo.ts).
      [`${DASHBOARD}/demo/session.gz`, "dist/dashboard/demo.gz"],
    ],
  },
  {
    name: "program",
    entry: "main.ts",
    options: () => ({
      entryPoints: [{ in: "main.ts", out: "eigenwatch" }, ...PROGRAM_WORKERS],
      outdir: "dist",
      entryNames: "[name]",
      outExtension: { ".js": ".mjs" },
      platform: "node",
      format: "esm",
      target: "node20",
      banner: { js: programBanner() },
      // Optional native helpers of ws: it does without them.
      external: ["bufferutil", "utf-8-validate"],
      plugins: [prefixedBuiltins, withoutBenches],
    }),
    copies: () => [],
    executable: "dist/eigenwatch.mjs",
  },
];

/** Benches drive browsers and peers that only a checkout has: the built program refuses to run them. */
const withoutBenches: Plugin = {
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

/** Deno knows `events` only as `node:events`. */
const prefixedBuiltins: Plugin = {
  name: "prefixed builtins",
  setup({ onResolve }) {
    const names = new Set(builtinModules);
    onResolve({ filter: /^[a-z_/]+$/ }, ({ path }) =>
      names.has(path) ? { path: `node:${path}`, external: true } : undefined,
    );
  },
};

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { quiet: { type: "boolean", default: false }, force: { type: "boolean", default: false } },
});
const unknown = positionals.filter((name) => !PARTS.some((part) => part.name === name));
if (unknown.length > 0) {
  console.error(`Cannot build ${unknown.join(", ")}: expected ${PARTS.map(({ name }) => name).join(" or ")}`);
  process.exit(2);
}
process.chdir(ROOT);
for (const part of PARTS)
  if (positionals.length === 0 || positionals.includes(part.name)) await buildPart(part);
await stop();

async function buildPart(part: Part): Promise<void> {
  if (!existsSync(part.entry)) return say(`${part.name}: nothing to build, there is no ${part.entry}`);
  const stampFile = `dist/.${part.name}.json`;
  const copies = part.copies();
  if (!options.force && isCurrent(stampFile, copies)) return;
  const startedMs = Date.now();
  // Errors are printed by esbuild; they end the process with exit code 1.
  const result = await build({
    ...part.options(),
    bundle: true,
    write: false,
    metafile: true,
    logLevel: "warning",
  });
  const made = result.outputFiles.map(writeOutput);
  for (const [from, to] of copies) writeAtomically(to, readFileSync(from));
  if (part.executable !== undefined) chmodSync(part.executable, 0o755);
  const inputs = [
    // Inputs that a plugin made up are no files; they stand in OWN_SOURCE.
    ...Object.keys(result.metafile.inputs).filter((path) => existsSync(path)),
    ...copies.map(([from]) => from),
    "package-lock.json",
    OWN_SOURCE,
  ];
  const outputs = [...made, ...copies.map(([, to]) => to)];
  writeAtomically(stampFile, JSON.stringify({ inputs, digest: digestOf(inputs), outputs } satisfies Stamp));
  say(
    `Built ${part.name} into ${dirname(outputs[0]!)}/ (${kilobytes(outputs)} kB, ${Date.now() - startedMs} ms)`,
  );
}

function isCurrent(stampFile: string, copies: [string, string][]): boolean {
  if (!existsSync(stampFile)) return false;
  const { inputs, digest, outputs } = JSON.parse(readFileSync(stampFile, "utf8")) as Stamp;
  const expected =
    copies.every(([from]) => inputs.includes(from)) && outputs.every((path) => existsSync(path));
  return expected && inputs.every((path) => existsSync(path)) && digestOf(inputs) === digest;
}

function digestOf(inputs: string[]): string {
  const hash = createHash("sha256");
  for (const path of inputs) hash.update(`${path}\0`).update(readFileSync(path));
  return hash.digest("hex");
}

function filesOfDashboard(pattern: RegExp): string[] {
  const names = readdirSync(DASHBOARD).filter((name) => pattern.test(name));
  return names.sort().map((name) => `${DASHBOARD}/${name}`);
}

/** A CommonJS dependency asks for `require`, which a module lacks. */
function programBanner(): string {
  const shebang = readFileSync("main.ts", "utf8").startsWith("#!") ? "" : "#!/usr/bin/env node\n";
  return `${shebang}import { createRequire as createRequireOfBundle } from "node:module";
const require = createRequireOfBundle(import.meta.url);`;
}

function writeOutput({ path, contents }: OutputFile): string {
  const place = relative(ROOT, path);
  writeAtomically(place, contents);
  return place;
}

/** Another process may be serving or building the same file. */
function writeAtomically(path: string, contents: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  const unfinished = join(dirname(path), `.${basename(path)}.${process.pid}`);
  writeFileSync(unfinished, contents);
  renameSync(unfinished, path);
}

function kilobytes(paths: string[]): number {
  const bytes = paths
    .filter((path) => !path.endsWith(".map"))
    .reduce((sum, path) => sum + statSync(path).size, 0);
  return Math.round(bytes / 1000);
}

function say(line: string): void {
  if (!options.quiet) console.log(line);
}
