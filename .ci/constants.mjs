/**
 * Declares the constants of a bundle as constants again.
 *
 *     const RANGE = { low: 1 };     the source
 *     var RANGE = { low: 1 };       what esbuild makes of it: it has no option to leave it
 *     const RANGE = { low: 1 };     the bundle
 *
 * V8 compiles the value of a `const` into the code that uses it. A `var` is loaded at each use, and what it holds is checked.
 *
 * A declaration is changed only where the source of its module says `const`, so nothing assigns to it. Modules run in the same order as from
 * the sources, so nothing reads it earlier. Only for bundles with `splitting`: without, esbuild makes functions of modules that are imported
 * on demand.
 */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** For builds with `write: false`. @type {import("esbuild").Plugin} */
export const constants = {
  name: "constants",
  setup({ initialOptions: { absWorkingDir = "" }, onEnd }) {
    /** @param {string} path */
    const source = (path) => {
      const file = join(absWorkingDir, path);
      return path.startsWith("node_modules/") || !existsSync(file) ? "" : readFileSync(file, "utf8");
    };
    onEnd(({ outputFiles = [] }) => {
      for (const file of outputFiles) {
        if (file.path.endsWith(".mjs"))
          file.contents = new TextEncoder().encode(withConstants(file.text, source));
      }
    });
  },
};

/** esbuild names the source of a module in a line of its own. */
const MODULE = /^\/\/ (\S+)$/;
const DECLARATION = /^var ([\w$]+) = /;

/**
 * @param {string} bundle @param {(path: string) => string} source the text of a module, given as the bundle names it; empty for one of a package
 * @returns {string}
 */
export function withConstants(bundle, source) {
  let declared = declarationsOf("");
  return bundle
    .split("\n")
    .map((line) => {
      const path = MODULE.exec(line)?.[1];
      if (path !== undefined) declared = declarationsOf(source(path));
      const name = DECLARATION.exec(line)?.[1];
      return name !== undefined && isConstant(name, declared) ? `const${line.slice("var".length)}` : line;
    })
    .join("\n");
}

/** What a module declares at its top. @param {string} text */
function declarationsOf(text) {
  /** @param {RegExp} pattern */
  const names = (pattern) => new Set(Array.from(text.matchAll(pattern), ([, name = ""]) => name));
  return { constants: names(/^(?:export )?const (\w+)/gm), variables: names(/^(?:export )?let (\w+)/gm) };
}

/** esbuild adds a number to a name that another module has too. @param {string} name @param {ReturnType<typeof declarationsOf>} declared */
function isConstant(name, { constants, variables }) {
  const digits = /\d*$/.exec(name)?.[0].length ?? 0;
  const names = Array.from({ length: digits + 1 }, (_, k) => name.slice(0, name.length - k));
  return names.some((each) => constants.has(each)) && !names.some((each) => variables.has(each));
}
