/**
 * Makes bundles of test files and of the scripts that they start: plain JavaScript for Node and Deno. Each process then starts in a fraction
 * of the CPU time that it takes for the TypeScript sources and the packages.
 *
 *   tests/x.test.ts ─┐
 *   tests/y.test.ts ─┼─ esbuild ─► FOLDER/tests/x.test.mjs, y.test.mjs … and the parts that they share
 *   scripts         ─┘
 *
 * A module keeps the `import.meta.url` of its source, so that what it looks up beside itself is found.
 */
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { build, type Plugin, stop } from "esbuild";
import { PROGRAM_PARTS, prefixedBuiltins, REQUIRE_BANNER } from "../../.ci/build.mjs";
import { parse } from "../../.ci/checks/source.ts";
import { constants } from "../../.ci/constants.mjs";
import { ROOT } from "../../.ci/runtime.mjs";
import { SCRIPTS } from "./bundles.ts";

/**
 * Packages that are loaded from node_modules: those that start programs or load binaries of their own, and uvu, in which the runner of a file
 * watches a function by its name.
 */
const EXTERNAL = ["uvu", "uvu/*", "esbuild", "oxc-parser", "playwright-core", "bufferutil", "utf-8-validate"];

/** This module finds the program that it is part of: in tests that is the built one, which runs without a loader. */
const OWN_PROGRAM = join("actors", "workers", "own-program.ts");
const BUILT_PART = join(PROGRAM_PARTS, "own-program.mjs");

/** Benches start their own scripts with the flags by which they themselves read TypeScript. */
const FROM_SOURCES = ["tests/bench/received.test.ts"];

/** Files that the tests of the runner run. */
const CASES = "tests/ci/fixtures/";

/**
 * Bundles test files, relative to the root of a checkout (default: this one), and all scripts into a folder. Throws where a source cannot be
 * read.
 */
export async function bundleTests(files: readonly string[], folder: string, root = ROOT): Promise<void> {
  const tests = files.filter((file) => !FROM_SOURCES.includes(file));
  // A checkout that a test made up has few of them.
  const scripts = SCRIPTS.filter((file) => existsSync(join(root, file)));
  const cases = existsSync(join(root, CASES)) ? [`${CASES}*.ts`] : [];
  try {
    const { outputFiles } = await build({
      absWorkingDir: root,
      entryPoints: [...new Set([...tests, ...scripts]), ...cases],
      outbase: root,
      outdir: folder,
      outExtension: { ".js": ".mjs" },
      chunkNames: "shared/[hash]",
      bundle: true,
      splitting: true,
      platform: "node",
      format: "esm",
      target: "node20",
      logLevel: "silent",
      sourcemap: "linked",
      sourcesContent: false,
      banner: { js: REQUIRE_BANNER },
      external: EXTERNAL,
      plugins: [prefixedBuiltins, ownUrls(root), constants],
      write: false,
    });
    for (const { path, contents } of outputFiles) {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, contents);
    }
  } finally {
    await stop();
  }
}

/** Gives each module that asks for its URL that of its source. */
const ownUrls = (root: string): Plugin => ({
  name: "own urls",
  setup({ onLoad }) {
    onLoad({ filter: /\.(ts|tsx|mjs)$/ }, async ({ path }) => {
      const place = relative(root, path);
      if (place.startsWith("..") || place.startsWith(`node_modules${sep}`)) return undefined;
      const text = await readFile(path, "utf8");
      if (!text.includes("import.meta.url")) return undefined;
      const loader = path.endsWith(".tsx") ? "tsx" : path.endsWith(".ts") ? "ts" : "js";
      return { contents: withUrl(root, place, text), loader };
    });
  },
});

function withUrl(root: string, place: string, text: string): string {
  const url = JSON.stringify(pathToFileURL(join(root, place === OWN_PROGRAM ? BUILT_PART : place)).href);
  let end = text.length;
  let after = "";
  for (const meta of parse({ path: place, text }).module.importMetas.toReversed()) {
    if (!text.startsWith(".url", meta.end)) continue;
    after = url + text.slice(meta.end + ".url".length, end) + after;
    end = meta.start;
  }
  return text.slice(0, end) + after;
}
