/**
 * Speed of the kernels, with ml-matrix in the same run for comparison. Each bench checks its own result.
 *
 * Times are µs per call: p50 and p99 of single calls, or the median of batches where a call is as short as the resolution of the clock.
 */
import { AnalyticSignal } from "../../actors/kernels/analytic-signal.ts";
import { BetTable } from "../../actors/kernels/bets.ts";
import { l1Coherence } from "../../actors/kernels/coherence.ts";
import { ConformalRank } from "../../actors/kernels/conformal.ts";
import { DensityEstimate } from "../../actors/kernels/density.ts";
import { EDetector } from "../../actors/kernels/e-detector.ts";
import { vonNeumannEntropy } from "../../actors/kernels/entropy.ts";
import { HermitianEigen } from "../../actors/kernels/hermitian-eigen.ts";
import { measure } from "../../actors/kernels/measure.ts";
import { allConcurrences, allVisibilities } from "../../actors/kernels/pair.ts";
import { purity } from "../../actors/kernels/purity.ts";
import { Resonators } from "../../actors/kernels/resonator.ts";
import { StateComparison } from "../../actors/kernels/state-comparison.ts";
import { check, median, p50AndP99 } from "./measure.ts";
import type { BenchRow } from "./row.ts";

/** Takes about four seconds. */
export async function benchKernels(): Promise<BenchRow[]> {
  // Without the library there is no comparison.
  const library = await import("ml-matrix").catch(() => null);
  const rows: BenchRow[] = [];
  for (const n of [16, 64]) {
    rows.push(benchUpdate(n), benchQuadraticSet(n), ...benchSpectrum(n, library));
    if (n === 16) rows.push(benchFullUpdate(n));
    rows.push(benchComparison(n), benchMeasure(n));
  }
  rows.push(benchConformal(1000), benchConformal(10_000), benchDetector(), benchAnalytic());
  rows.push(benchResonator());
  return rows;
}

type MlMatrix = Pick<typeof import("ml-matrix"), "Matrix" | "EigenvalueDecomposition">;

function clockUs(): number {
  return performance.now() * 1000;
}

/** Repeats `call` for about `ms`, after a warm-up of a quarter of it, and returns the time of each call in µs. */
function singles(call: () => void, ms: number): number[] {
  for (const end = clockUs() + ms * 250; clockUs() < end; ) call();
  const times: number[] = [];
  let before = clockUs();
  const end = before + ms * 1000;
  while (before < end && times.length < 200_000) {
    call();
    const after = clockUs();
    times.push(after - before);
    before = after;
  }
  return times;
}

/** µs a call, from the median over batches of `batch` calls. */
function batched(call: () => void, batch: number, ms: number): number {
  const times = singles(() => {
    for (let k = 0; k < batch; k++) call();
  }, ms);
  return median(times) / batch;
}

function percentiles(name: string, times: number[], more: Partial<BenchRow> = {}): BenchRow {
  const { p50, p99 } = p50AndP99(times);
  return { name, value: p50, unit: "µs", p50, p99, ...more };
}

/** A fixed stream of one common factor and noise; 512 samples in turn. */
class Stream {
  readonly re: Float64Array[] = [];
  readonly im: Float64Array[] = [];
  private next = 0;
  constructor(n: number) {
    let seed = 12345;
    const uniform = () => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return seed / 4294967296;
    };
    // A sum of uniforms is close enough to normal for timing.
    const normal = () => uniform() + uniform() + uniform() + uniform() + uniform() + uniform() - 3;
    for (let k = 0; k < 512; k++) {
      const [a, b] = [normal(), normal()];
      this.re.push(new Float64Array(n).map(() => a + normal()));
      this.im.push(new Float64Array(n).map(() => b + normal()));
    }
  }
  feed(estimate: DensityEstimate): void {
    const k = this.next;
    this.next = (k + 1) & 511;
    estimate.update(this.re[k]!, this.im[k]!);
  }
}

function estimateOf(n: number): { stream: Stream; estimate: DensityEstimate } {
  const stream = new Stream(n);
  const estimate = new DensityEstimate(n, 2 / (4 * n + 1));
  for (let k = 0; k < 1000; k++) stream.feed(estimate);
  return { stream, estimate };
}

function benchUpdate(n: number): BenchRow {
  const { stream, estimate } = estimateOf(n);
  const value = batched(() => stream.feed(estimate), n === 16 ? 256 : 32, 200);
  check(
    Math.abs(estimate.purity - purity(n, estimate.re, estimate.im)) < 1e-12,
    "the update to keep the purity",
  );
  check(Math.abs(estimate.trace - 1) < 1e-12, "the update to keep the trace");
  return { name: `rank-one update, purity, overlap, n=${n}`, value, unit: "µs" };
}

function benchQuadraticSet(n: number): BenchRow {
  const { stream, estimate } = estimateOf(n);
  const concurrences = new Float64Array(n * n);
  const visibilities = new Float64Array(n * n);
  const roots = new Float64Array(n);
  let l1 = 0;
  const times = singles(() => {
    stream.feed(estimate);
    l1 = 2 * allConcurrences(n, estimate.re, estimate.im, concurrences);
    allVisibilities(n, estimate.re, estimate.im, visibilities, roots);
  }, 300);
  // C_l1 sums 2|ρ_ij| over pairs; allConcurrences returns that sum.
  check(Math.abs(l1 / 2 - l1Coherence(n, estimate.re, estimate.im)) < 1e-10, "concurrences to sum to C_l1");
  return percentiles(`update and all O(n²) measures, n=${n}`, times, n === 64 ? { target: 50 } : {});
}

function benchFullUpdate(n: number): BenchRow {
  const { stream, estimate } = estimateOf(n);
  const solver = new HermitianEigen(n);
  const values = new Float64Array(n);
  const concurrences = new Float64Array(n * n);
  const visibilities = new Float64Array(n * n);
  const roots = new Float64Array(n);
  let entropy = 0;
  const times = singles(() => {
    stream.feed(estimate);
    allConcurrences(n, estimate.re, estimate.im, concurrences);
    allVisibilities(n, estimate.re, estimate.im, visibilities, roots);
    solver.eigenvalues(estimate.re, estimate.im, values);
    entropy = vonNeumannEntropy(n, values);
  }, 500);
  const square = values.reduce((a, b) => a + b * b, 0);
  check(Math.abs(square - estimate.purity) < 1e-13, "eigenvalues to give the purity");
  check(entropy > 0 && entropy < 2.78, "the entropy within its range");
  return percentiles(`update, all O(n²) measures, spectrum, entropy, n=${n}`, times, { target: 100 });
}

function benchSpectrum(n: number, library: MlMatrix | null): BenchRow[] {
  const { estimate } = estimateOf(n);
  const solver = new HermitianEigen(n);
  const values = new Float64Array(n);
  const vecRe = new Float64Array(n * n);
  const vecIm = new Float64Array(n * n);
  const ours = singles(() => solver.eigenvalues(estimate.re, estimate.im, values), 300);
  const withVectors = singles(() => solver.eigensystem(estimate.re, estimate.im, values, vecRe, vecIm), 300);
  const withLeading = singles(() => solver.leading(estimate.re, estimate.im, values, vecRe, vecIm), 300);
  const rows = [
    percentiles(`eigenvalues, n=${n}`, ours, n === 64 ? { target: 2500 } : {}),
    percentiles(`eigenvalues and eigenvectors, n=${n}`, withVectors),
    percentiles(`eigenvalues and leading eigenvector, n=${n}`, withLeading),
  ];
  if (library !== null) {
    const theirs = mlMatrix(library, n, estimate.re, estimate.im, values);
    rows[1]!.ratioTo = "ml-matrix";
    rows[1]!.ratio = rows[1]!.p50! / theirs;
    rows[1]!.note = `ml-matrix ${theirs.toFixed(0)} µs: real symmetric matrix of order 2n with the same eigenvalues`;
  }
  return rows;
}

/** Median µs of ml-matrix on [[Re,−Im],[Im,Re]], whose spectrum is ours twice. */
function mlMatrix(
  library: MlMatrix,
  n: number,
  re: Float64Array,
  im: Float64Array,
  values: Float64Array,
): number {
  const m = 2 * n;
  const matrix = library.Matrix.zeros(m, m);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      matrix.set(i, j, re[i * n + j]!);
      matrix.set(n + i, n + j, re[i * n + j]!);
      matrix.set(i, n + j, -im[i * n + j]!);
      matrix.set(n + i, j, im[i * n + j]!);
    }
  let spectrum: number[] = [];
  const times = singles(() => {
    spectrum = new library.EigenvalueDecomposition(matrix, { assumeSymmetric: true }).realEigenvalues;
  }, 300);
  const sorted = Float64Array.from(spectrum).sort().reverse();
  for (let k = 0; k < n; k++)
    check(Math.abs(sorted[2 * k]! - values[k]!) < 1e-12, "the eigenvalues of ml-matrix");
  return median(times);
}

function benchComparison(n: number): BenchRow {
  const a = estimateOf(n).estimate;
  const { stream, estimate } = estimateOf(n);
  for (let k = 0; k < 37; k++) stream.feed(estimate);
  const pair = new StateComparison(n);
  let rootF = 0;
  let distance = 0;
  const times = singles(() => {
    pair.load(a.re, a.im, estimate.re, estimate.im);
    rootF = pair.rootFidelity();
    distance = pair.traceDistance();
  }, 300);
  check(
    1 - rootF <= distance && distance <= Math.sqrt(1 - rootF * rootF),
    "the Fuchs–van de Graaf inequalities",
  );
  return percentiles(`fidelity and trace distance, n=${n}`, times);
}

function benchMeasure(n: number): BenchRow {
  const { estimate } = estimateOf(n);
  let entropy = 0;
  const times = singles(() => {
    entropy = measure({ n, re: estimate.re, im: estimate.im })["entropy"] as number;
  }, 300);
  check(entropy > 0, "measure to give the entropy");
  return percentiles(`measure (28 functionals, checked input), n=${n}`, times);
}

function benchConformal(window: number): BenchRow {
  const rank = new ConformalRank(window);
  const scores = new Float64Array(65_536);
  let seed = 1;
  for (let k = 0; k < scores.length; k++) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    scores[k] = seed;
  }
  let at = 0;
  let sum = 0;
  let pushes = 0;
  const value = batched(
    () => {
      sum += rank.push(scores[at]!, 0.5);
      pushes++;
      at = (at + 1) & 65_535;
    },
    1000,
    300,
  );
  check(Math.abs(sum / pushes - 0.5) < 0.02, "uniform conformal p-values");
  return {
    name: `conformal p-value, window ${window}`,
    value,
    unit: "µs",
    ...(window === 1000 ? { target: 0.15 } : {}),
  };
}

function benchDetector(): BenchRow {
  const table = new BetTable("energy", 16, [0.6, 0.8, 1.3, 1.8]);
  const detector = new EDetector(new Float64Array(18).fill(1 / 18));
  const logE = new Float64Array(18);
  let p = 0.1;
  const value = batched(
    () => {
      p = (p * 997 + 0.123) % 1;
      table.logE(p, logE, 0);
      detector.update(logE);
    },
    200,
    300,
  );
  check(Number.isFinite(detector.logEvidence), "finite evidence");
  return { name: "e-detector, 18 members, 4 tabled bets", value, unit: "µs" };
}

function benchAnalytic(): BenchRow {
  const filter = new AnalyticSignal(16);
  const x = new Float64Array(16).fill(1);
  const re = new Float64Array(16);
  const im = new Float64Array(16);
  let k = 0;
  const value = batched(
    () => {
      x.fill((k++ & 3) < 2 ? 1 : -1);
      filter.update(x, re, im);
    },
    200,
    200,
  );
  // x has frequency π/2 and amplitude √2, and the filter gain 1.
  check(Math.abs(Math.hypot(re[3]!, im[3]!) - Math.SQRT2) < 0.02, "an analytic signal of modulus √2");
  return { name: "analytic signal, 16 channels", value, unit: "µs" };
}

function benchResonator(): BenchRow {
  const resonators = new Resonators(1, 0.3, 0.08);
  let t = 0;
  const value = batched(
    () => {
      t += 100_000;
      resonators.tick(0, t, 1);
    },
    500,
    200,
  );
  check(resonators.fields.z.every(Number.isFinite), "finite resonator states");
  return { name: "resonator tick, order 2", value, unit: "µs" };
}
