/** Constants of bundles: what the sources declare as constants is constant in the bundle, and nothing else. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { withConstants } from "../../.ci/constants.mjs";

/** The bundle of one module with this source. */
function bundled(source: string, bundle: string): string {
  const head = "// actors/one.ts\n";
  return withConstants(head + bundle, (path) => (path === "actors/one.ts" ? source : "")).slice(head.length);
}

test("a constant of the source is one in the bundle, exported or not", () => {
  const source = "const LEAST = 1;\nexport const RANGE = { low: 0 };\n";
  assert.is(
    bundled(source, "var LEAST = 1;\nvar RANGE = {\n  low: 0\n};\n"),
    "const LEAST = 1;\nconst RANGE = {\n  low: 0\n};\n",
  );
});

test("a constant that has another name in the bundle stays a constant", () => {
  assert.is(bundled("const LEAST = 1;\n", "var LEAST3 = 1;\n"), "const LEAST3 = 1;\n");
  assert.is(bundled("const LOG2 = 1;\n", "var LOG24 = 1;\n"), "const LOG24 = 1;\n");
});

test("a variable, a class and what is declared inside a function stay as they are", () => {
  const source =
    "let last = 1;\nlet state2 = 0;\nconst state = 1;\nclass Range {}\nfunction f() {\n  const inner = 1;\n}\n";
  const bundle =
    "var last = 1;\nvar state22 = 0;\nvar Range = class {\n};\nvar inner = 1;\n  var state = 2;\n";
  assert.is(bundled(source, bundle), bundle);
});

test("a constant of one module is none of another", () => {
  const sources: Record<string, string> = { "a.ts": "const SIZE = 1;\n", "b.ts": "let SIZE = 2;\n" };
  const bundle =
    "// a.ts\nvar SIZE = 1;\n\n// b.ts\nvar SIZE2 = 2;\n\n// node_modules/c/c.js\nvar SIZE3 = 3;\n";
  assert.is(
    withConstants(bundle, (path) => sources[path] ?? ""),
    "// a.ts\nconst SIZE = 1;\n\n// b.ts\nvar SIZE2 = 2;\n\n// node_modules/c/c.js\nvar SIZE3 = 3;\n",
  );
});

test.run();
