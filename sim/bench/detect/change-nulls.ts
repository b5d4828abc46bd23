/**
 * Suite `changes`: whether the detector of changes keeps its promise on levels that do not change, and that of trends on slopes that do not.
 *
 *   null process ─► values of the channels ─┬─► changes per promised change, as live, and with a price that no change raises
 *                                           └─► turns and ends of trends per promised one
 *
 * A promised change is A rows. Channels that change together count once. The processes are those of `arl` (`arl-nulls.ts`), whose rows are values
 * here, and random walks, whose steps are the rows. Where rows have a memory or a season, only the raised price keeps the rate.
 */
import { StandaloneActor } from "../../../actors/core/standalone-actor.ts";
import { type ChangesDetector, changes } from "../../../actors/detectors/changes/detector.ts";
import { trend } from "../../../actors/detectors/trend/detector.ts";
import type { Detector, Group } from "../../../actors/ports/detector.ts";
import { parseSettings } from "../../../protocol/settings.ts";
import { Variates } from "../../worlds/model/variates.ts";
import { NULLS_AND_WALKS, type NullProcess } from "./arl-nulls.ts";
import { groupOfSeconds, oneRowBatch } from "./row-by-row.ts";
import { decimals, left, right, type Suite, type SuiteJob, tableOf } from "./suite.ts";

/** A, and the promised changes of a run. */
const PROMISED_ROWS = 2000;
const PROMISED_CHANGES = 50;
/** Where it is the raised price that keeps the rate, as for the collapse detector. */
const LATE = 1.2;

interface Job extends SuiteJob {
  readonly process: number;
}

interface Result {
  readonly live: number;
  readonly notRaised: number;
  /** Turns and ends of trends, live. */
  readonly turns: number;
}

export const changeNulls: Suite<Job, Result> = {
  jobs: () => NULLS_AND_WALKS.map(({ name }, process) => ({ name, process })),

  run: ({ process }) => ({
    live: changesIn(NULLS_AND_WALKS[process]!, {}),
    notRaised: changesIn(NULLS_AND_WALKS[process]!, { raiseNats: 0 }),
    turns: turnsIn(NULLS_AND_WALKS[process]!),
  }),

  report(scored) {
    const ratio = (count: number) => count / PROMISED_CHANGES;
    return {
      tables: [
        tableOf(`Changes per promised change, A = ${PROMISED_ROWS}`, scored, [
          left("process", ({ job }) => job.name),
          right("live", ({ result }) => decimals(ratio(result.live), 2)),
          right("price not raised", ({ result }) => decimals(ratio(result.notRaised), 2)),
          right("turns of trends", ({ result }) => decimals(ratio(result.turns), 2)),
        ]),
      ],
      figures: [
        {
          name: "changes per promised change, largest",
          value: Math.max(...scored.map(({ result }) => ratio(result.live))),
          target: { atMost: LATE },
        },
        {
          name: "turns of trends per promised one, largest",
          value: Math.max(...scored.map(({ result }) => ratio(result.turns))),
          target: { atMost: LATE },
        },
      ],
    };
  },
};

function changesIn(process: NullProcess, settings: object): number {
  const group = groupOfSeconds(process.n);
  const parsed = parseSettings({ changes: { falseAlarmSamples: PROMISED_ROWS, ...settings } });
  const actor = new StandaloneActor<ChangesDetector>(changes, parsed, group, () => 0);
  let count = 0;
  let declaredUs = Number.NaN;
  watch(process, group, actor, () => {
    if (Object.is(actor.detector.declaredUs, declaredUs)) return;
    declaredUs = actor.detector.declaredUs;
    count++;
  });
  return count;
}

function turnsIn(process: NullProcess): number {
  const group = groupOfSeconds(process.n);
  const parsed = parseSettings({ trend: { falseAlarmSamples: PROMISED_ROWS } });
  const actor = new StandaloneActor(trend, parsed, group, () => 0);
  let count = 0;
  actor.signal = ({ type }) => {
    if (type === "turned" || type === "flattened") count++;
  };
  watch(process, group, actor, () => {});
  return count;
}

function watch(
  process: NullProcess,
  group: Group,
  actor: StandaloneActor<Detector>,
  after: () => void,
): void {
  const next = process.start(new Variates(1, "rows"));
  const batch = oneRowBatch(process.n);
  const x = batch.rowValue.subarray(0, process.n);
  for (let row = 0; row < PROMISED_ROWS * PROMISED_CHANGES; row++) {
    next(x);
    actor.now += group.everyUs;
    batch.rowTime[0] = actor.now;
    actor.update(batch);
    after();
  }
}
