/**
 * Suite `oracle`: measures of states against reference values, each with its tolerance; and the Bures distance of each state to itself,
 * where √(2 − 2√F) loses half of the digits.
 *
 *   reference states ─► `measure` ─► |value − expected| in tolerances, by measure
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { measure } from "../../../actors/kernels/measure.ts";
import { left, right, type Suite, type SuiteJob, tableOf } from "./suite.ts";

interface Matrix {
  readonly re: readonly number[];
  readonly im: readonly number[];
}

/** Expected value and tolerance by measure. */
type Expected = Readonly<Record<string, readonly [value: number, tolerance: number]>>;

interface ReferenceState {
  readonly n: number;
  readonly rho: Matrix;
  readonly f: Expected;
  readonly pair: { readonly sigma: Matrix; readonly f: Expected };
  readonly update: { readonly alpha: number; readonly psi: Matrix; readonly f: Expected };
}

interface Agreement {
  readonly measure: string;
  values: number;
  outside: number;
  /** Largest |value − expected| in tolerances, and as it is. */
  worst: number;
  worstError: number;
}

interface Result {
  readonly measures: readonly Agreement[];
  readonly buresToItself: number;
}

const FILE = "states.json.gz";

export const oracle: Suite<SuiteJob, Result> = {
  data: { folder: "oracle", holds: [FILE], source: "the reference values that come with the sources" },
  jobs: () => [{ name: FILE }],

  async run({ name }, { data }) {
    const text = gunzipSync(await readFile(join(data, name))).toString();
    return compareAll((JSON.parse(text) as { items: ReferenceState[] }).items);
  },

  report([scored]) {
    const { measures, buresToItself } = scored!.result;
    const sum = (of: (each: Agreement) => number) => measures.reduce((total, each) => total + of(each), 0);
    const fidelity = measures.find(({ measure }) => measure === "fidelity");
    return {
      tables: [
        tableOf("Measures of states", measures, [
          left("measure", ({ measure }) => measure),
          right("values", ({ values }) => String(values)),
          right("outside", ({ outside }) => String(outside)),
          right("largest error", ({ worstError }) => worstError.toExponential(1)),
          right("in tolerances", ({ worst }) => worst.toPrecision(2)),
        ]),
      ],
      figures: [
        {
          name: `values outside of their tolerance, of ${sum(({ values }) => values)}`,
          value: sum(({ outside }) => outside),
          decimals: 0,
          target: { atMost: 0 },
        },
        {
          name: "largest error of the fidelity, in 1e-9",
          value: fidelity === undefined ? null : fidelity.worstError * 1e9,
          decimals: 1,
          published: { QuTiP: 850 },
        },
        {
          name: "largest Bures distance of a state to itself, in 1e-9",
          value: buresToItself * 1e9,
          decimals: 1,
          target: { atMost: 0 },
        },
      ],
    };
  },
};

function compareAll(states: readonly ReferenceState[]): Result {
  const measures = new Map<string, Agreement>();
  const compare = (name: string, found: unknown, [expected, tolerance]: readonly [number, number]): void => {
    const agreement = measures.get(name) ?? { measure: name, values: 0, outside: 0, worst: 0, worstError: 0 };
    measures.set(name, agreement);
    const error = typeof found === "number" ? Math.abs(found - expected) : Number.MAX_VALUE;
    agreement.values++;
    if (error > tolerance) agreement.outside++;
    agreement.worst = Math.max(agreement.worst, tolerance > 0 ? error / tolerance : error);
    agreement.worstError = Math.max(agreement.worstError, error);
  };
  let buresToItself = 0;
  for (const { n, rho, f, pair, update } of states) {
    const found = measure({ n, ...rho }, pair.sigma, update);
    for (const [name, expected] of Object.entries({ ...f, ...pair.f })) compare(name, found[name], expected);
    for (const [name, expected] of Object.entries(update.f))
      compare(`update.${name}`, found[`update.${name}`], expected);
    buresToItself = Math.max(buresToItself, measure({ n, ...rho }, rho)["bures"] as number);
  }
  return { measures: [...measures.values()], buresToItself };
}
