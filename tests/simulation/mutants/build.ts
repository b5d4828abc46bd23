/**
 * Bundles the simulator into one file with a bug in it: the patch is applied to the source during bundling.
 *
 *   worlds-process.ts + everything it imports ──onLoad: find → replace──► FILE.mjs, run by the same runtime
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";
import { prefixedBuiltins, REQUIRE_BANNER } from "../../../.ci/build.mjs";
import type { Mutant } from "./all.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const ENTRY = "tests/simulation/mutants/worlds-process.ts";

/** `mutant` null: the simulator as it is. */
export async function bundleWorlds(mutant: Mutant | null, outfile: string): Promise<void> {
  await build({
    absWorkingDir: ROOT,
    entryPoints: [ENTRY],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    logLevel: "silent",
    banner: { js: REQUIRE_BANNER },
    // Optional native helpers of ws: it does without them.
    external: ["bufferutil", "utf-8-validate", "esbuild"],
    plugins: [prefixedBuiltins, ...(mutant === null ? [] : [patching(mutant)])],
  });
}

function patching({ name, file, find, replace }: Mutant): Plugin {
  const path = join(ROOT, file);
  return {
    name: `mutant ${name}`,
    setup({ onLoad }) {
      onLoad({ filter: new RegExp(`${file.split("/").at(-1)!.replace(".", "\\.")}$`) }, async (args) => {
        if (args.path !== path) return undefined;
        const source = await readFile(path, "utf8");
        const [before, after, ...more] = source.split(find);
        if (find === "" || after === undefined || more.length > 0)
          throw new Error(`Cannot make mutant ${name}: ${file} does not contain its text exactly once`);
        return { contents: before + replace + after, loader: "ts" };
      });
    },
  };
}
