/**
 * Imports go one way: kernels ← detectors ← core; protocol and ports below everything; journal, bus and feeds
 * know protocol and ports only; the page sees protocol and charts only; nothing that runs live imports the simulator but
 * through `sim/mod.ts`. Type-only imports count: who needs another's types knows it.
 */
import { type Finding, importsOf, liesIn, type SourceFile } from "./source.ts";

interface Rule {
  /** A folder with "/" at its end, or one file. */
  place: string;
  /** What files there may import of ours, beside what lies in the same place. */
  sees: string[];
  /** Parts of the same place that are closed to the rest of it. */
  hidden?: string[];
}

const CORE_SIDE = ["actors/detectors/", "actors/kernels/", "actors/ports/", "protocol/"];

/** The first place that a file lies in decides: the narrower stand before the wider. */
export const RULES: readonly Rule[] = [
  { place: "protocol/", sees: [] },
  { place: "actors/kernels/", sees: [] },
  { place: "actors/ports/", sees: ["protocol/"] },
  { place: "actors/detectors/", sees: ["actors/kernels/", "actors/ports/", "protocol/"] },
  { place: "actors/core/", sees: CORE_SIDE },
  { place: "actors/journal/", sees: ["actors/ports/", "protocol/"] },
  { place: "actors/bus/", sees: ["actors/ports/", "protocol/"] },
  { place: "actors/feeds/", sees: ["actors/ports/", "protocol/"] },
  // The files of actors/ itself, and folders without a row above, put the parts together.
  { place: "actors/", sees: ["protocol/", "package.json"] },
  { place: "collab/charts/", sees: ["protocol/"] },
  {
    place: "collab/dashboard/",
    sees: ["collab/charts/", "collab/client.ts", "collab/event-cursor.ts", "protocol/"],
  },
  {
    place: "collab/serve.ts",
    sees: ["collab/", "sim/mod.ts", "actors/mod.ts", "actors/ports/", "protocol/"],
    hidden: ["collab/dashboard/"],
  },
  { place: "collab/", sees: ["actors/mod.ts", "actors/ports/", "protocol/"], hidden: ["collab/dashboard/"] },
  { place: "sim/", sees: ["actors/", "collab/", "protocol/", "tests/simulation/mutants/command.ts"] },
  { place: "main.ts", sees: ["collab/serve.ts", "sim/mod.ts", "actors/mod.ts", "protocol/"] },
  { place: "tests/", sees: ["actors/", "collab/", "sim/", "protocol/", ".ci/", "main.ts"] },
  { place: ".ci/", sees: [] },
];

export function checkImports(files: readonly SourceFile[]): Finding[] {
  return files.flatMap(checkFile);
}

function checkFile(file: SourceFile): Finding[] {
  const rule = RULES.find(({ place }) => liesIn(file.path, place));
  if (rule === undefined)
    return [
      { path: file.path, line: 1, message: "lies in no known place: add a rule to .ci/checks/imports.ts" },
    ];
  const findings: Finding[] = [];
  const visible = [rule.place, ...rule.sees];
  for (const { target, ours, line } of importsOf(file)) {
    // Tests load what they are handed; in the program every import stands in the source.
    if (target === "?" && rule.place !== "tests/")
      findings.push({ path: file.path, line, message: "imports a computed path, which no one can check" });
    if (!ours) continue;
    const isVisible = visible.some((place) => liesIn(target, place));
    const isHidden = rule.hidden?.some((place) => liesIn(target, place)) ?? false;
    if (isVisible && !isHidden) continue;
    const expected = isHidden ? "may not see that" : `sees only ${rule.sees.join(", ") || "itself"}`;
    findings.push({ path: file.path, line, message: `imports ${target}: ${rule.place} ${expected}` });
  }
  return findings;
}
