/**
 * Makes the package that people install: what is built, the types of its libraries, and a package.json without what only a checkout needs.
 *
 *   dist/ ─► dist/package/{dist, types, docs, package.json …} ─► npm pack ─► dist/eigenwatch-VERSION.tgz
 *
 *     npx ./eigenwatch-VERSION.tgz up          npm install ./eigenwatch-VERSION.tgz
 *
 * The program needs no other package: they are built in. What the library for programs leaves to them (Yjs, of which there must be one copy) is
 * installed with it.
 */
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { findProgram, ROOT } from "./runtime.mjs";

const PACKAGE = join(ROOT, "dist", "package");

/** What the libraries leave to whoever imports them (build.mjs), and what their types are written with. */
const SHARED = ["lib0", "valibot", "xstate", "y-protocols", "y-websocket", "yjs"];

/** Beside what is built. */
const COPIED = ["README.md", "CHANGELOG.md", "LICENSE", "docs"];

/** After everything was built. @returns {number} exit code */
export function pack() {
  const npm = findProgram("npm");
  if (npm === null) {
    console.error("Cannot pack: there is no npm on PATH; expected npm 10 or later (it comes with Node)");
    return 1;
  }
  rmSync(PACKAGE, { recursive: true, force: true });
  mkdirSync(PACKAGE, { recursive: true });
  for (const path of ["dist/eigenwatch.mjs", "dist/program", "dist/dashboard", ...libraries(), ...COPIED])
    if (existsSync(join(ROOT, path)))
      cpSync(join(ROOT, path), join(PACKAGE, path), {
        recursive: true,
        filter: (from) => !from.endsWith(".map"),
      });
  const types = spawnSync(process.execPath, [
    join(ROOT, "node_modules", "typescript", "bin", "tsc"),
    ...["-p", join(ROOT, ".ci", "types.tsconfig.json")],
  ]);
  if (types.status !== 0) {
    console.error(`Cannot make the types of the libraries:\n${types.stdout}${types.stderr}`);
    return 1;
  }
  writeFileSync(join(PACKAGE, "package.json"), `${JSON.stringify(manifest(), null, 2)}\n`);
  const packed = spawnSync(npm, ["pack", "--json", "--pack-destination", join(ROOT, "dist")], {
    cwd: PACKAGE,
    encoding: "utf8",
  });
  if (packed.status !== 0) {
    console.error(packed.stderr);
    return 1;
  }
  const [{ filename }] = JSON.parse(packed.stdout);
  const { size } = statSync(join(ROOT, "dist", filename));
  console.log(`dist/${filename} (${Math.round(size / 1000)} kB)`);
  return 0;
}

function libraries() {
  return readdirSync(join(ROOT, "dist"))
    .filter((name) => name.endsWith(".mjs"))
    .map((name) => `dist/${name}`);
}

function manifest() {
  const { name, version, description, license, engines, bin, dependencies } = JSON.parse(
    readFileSync(join(ROOT, "package.json"), "utf8"),
  );
  const library = (/** @type {string} */ types, /** @type {string} */ built) => ({
    types: `./types/collab/${types}.d.ts`,
    default: `./dist/${built}.mjs`,
  });
  return {
    ...{ name, version, description, license, type: "module", engines: { node: engines.node }, bin },
    exports: {
      "./actors": { types: "./types/actors/actor-kit.d.ts" },
      "./client": library("session-client", "client"),
      "./collab": library("shared-session", "collab"),
      "./package.json": "./package.json",
    },
    dependencies: Object.fromEntries(SHARED.map((each) => [each, dependencies[each]])),
  };
}
