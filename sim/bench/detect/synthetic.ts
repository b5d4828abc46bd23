/**
 * Suite `synthetic`: every scenario × every detector that applies to it × many seeds, through the shipped core with default settings.
 *
 *   (case, seed) ─► two runs, strength 1 and strength 0 ─► tallies ─► a row for each case and detector
 *
 * `score.ts` defines hits, repetitions and false alarms; the longest delay that counts is ALLOWED_SHARE of the run. False alarms a day are
 * counted in the runs in which nothing happens, including warm-up. "< x" means that none was seen and that a rate above x a day would have
 * shown one (3 / days watched, 95 %). "promised" leaves out alarms whose detector reported that the data void its promise.
 *
 * The same seeds give the same table.
 */
import { findScenario } from "../../worlds/scenarios.ts";
import { allCases, type DetectCase, detectorsOf, type SeedScore, scoreSeed } from "./case.ts";
import { decimals, meanOf, right, type Suite, type SuiteJob, type Table, tableOf } from "./suite.ts";
import { COLUMNS, type DetectRow, summarise } from "./summary.ts";

interface Job extends SuiteJob, DetectCase {
  readonly seed: number;
}

export const synthetic: Suite<Job, SeedScore> = {
  options: ["seeds", "scenario"],

  jobs({ seeds, scenario }) {
    const expected = scenario === null ? null : findScenario(scenario).name;
    return allCases()
      .filter((each) => expected === null || each.scenario === expected)
      .flatMap((each) =>
        Array.from({ length: seeds }, (_, k) => ({
          name: `${nameOf(each)} seed ${k + 1}`,
          ...each,
          seed: k + 1,
        })),
      );
  },

  run: (job) => scoreSeed(job, job.seed),

  report(scored) {
    const cases = new Map<string, SeedScore[]>();
    for (const { job, result } of scored) {
      const name = nameOf(job);
      if (!cases.has(name)) cases.set(name, []);
      cases.get(name)!.push(result);
    }
    const rows = allCases().flatMap((each) => {
      const scores = cases.get(nameOf(each));
      return scores === undefined ? [] : rowsOf(each, scores);
    });
    return {
      tables: [tableOf("Synthetic scenarios", rows, COLUMNS), atTheTop(scored.map(({ result }) => result))],
    };
  },
};

/** Shares of all incidents, those of the highest priority first, whose precision is shown. */
const TOP_SHARES = [0.05, 0.1, 0.25, 0.5, 1] as const;

/** Precision of the incidents of all runs, with and without something to find, at the top of their order. */
function atTheTop(scores: readonly SeedScore[]): Table {
  const ranked = scores
    .flatMap(({ incidents }) => [
      ...(incidents?.tally.ranked ?? []),
      ...(incidents?.quietPriorities ?? []).map((priority) => ({ priority, isRight: false })),
    ])
    .sort((a, b) => b.priority - a.priority);
  const rows = TOP_SHARES.map((share) => {
    const top = ranked.slice(0, Math.ceil(share * ranked.length));
    const precision = meanOf(top.map(({ isRight }) => Number(isRight)));
    return { k: top.length, least: top.at(-1)?.priority ?? null, precision };
  });
  return tableOf("Incidents by priority", rows, [
    right("top k", ({ k }) => String(k)),
    right("least priority", ({ least }) => decimals(least, 3)),
    right("precision", ({ precision }) => decimals(precision, 2)),
  ]);
}

function nameOf({ scenario, form }: DetectCase): string {
  return form === undefined ? scenario : `${scenario} (${form})`;
}

function rowsOf(each: DetectCase, scores: readonly SeedScore[]): DetectRow[] {
  const scenario = findScenario(each.scenario);
  const form = each.form ?? (scenario.family === "quantum" ? "record" : "");
  return detectorsOf(each).map((detector) =>
    summarise(
      { scenario: each.scenario, form, detector },
      scores.map((score) => score[detector]!),
      scenario.usualDurationUs,
    ),
  );
}
