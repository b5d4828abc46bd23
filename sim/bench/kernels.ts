/**
 * Speed of the kernels, beside ml-matrix or as many additions of a bare loop as the kernel has elements. Each bench checks its own result.
 *
 * Times are µs per call: p50 and p99 of single calls, or the median of batches where a call is as short as the resolution of the clock.
 */
import { EigenvalueDecomposition, Matrix } from "ml-matrix";
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
import { check } from "./measure.ts";
import { type BenchRow, compared, type Limit } from "./row.ts";
import { normals, uniforms } from "./samples.ts";
import { bareLoop, batchedCalls, inTurns, singleCalls } from "./turns.ts";

/** Takes about half a minute. */
export async function benchKernels(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const n of [16, 64]) {
    rows.push(await benchUpdate(n), await benchQuadraticSet(n), ...(await benchSpectrum(n)));
    if (n === 16) rows.push(await benchFullUpdate(n));
    rows.push(await benchComparison(n), await benchMeasure(n));
  }
  rows.push(await benchConformal(1000), await benchConformal(10_000), await benchDetector());
  rows.push(await benchAnalytic(), await benchResonator());
  return rows;
}

/** The row of single calls, beside a bare loop of `operations` additions: what the kernel must at least do. */
async function single(name: string, call: () => void, operations: number, limit?: Limit): Promise<BenchRow> {
  const { own, bare } = await inTurns({ own: singleCalls(call), bare: additionsUs(operations) });
  return compared(distribution(name, own), { [`${operations} additions`]: bare }, limit);
}

/** The same for calls as short as the resolution of the clock: the median of batches. */
async function batched(
  name: string,
  call: () => void,
  batch: number,
  operations: number,
  limit?: Limit,
): Promise<BenchRow> {
  const { own, bare } = await inTurns({ own: batchedCalls(call, batch), bare: additionsUs(operations) });
  return compared({ name, unit: "µs", runs: own }, { [`${operations} additions`]: bare }, limit);
}

function distribution(name: string, runs: { p50: number; p99: number }[]) {
  return { name, unit: "µs", runs: runs.map(({ p50 }) => p50), p99: runs.map(({ p99 }) => p99) };
}

/** A contender: µs of so many additions of the bare loop. */
function additionsUs(operations: number): () => number {
  return () => (operations * 1e6) / bareLoop();
}

/** A fixed stream of one common factor and noise; 512 samples in turn. */
class Stream {
  readonly re: Float64Array[] = [];
  readonly im: Float64Array[] = [];
  private next = 0;
  constructor(n: number) {
    const normal = normals(uniforms(12345), 6);
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

async function benchUpdate(n: number): Promise<BenchRow> {
  const { stream, estimate } = estimateOf(n);
  const name = `rank-one update, purity, overlap, n=${n}`;
  const row = await batched(name, () => stream.feed(estimate), n === 16 ? 256 : 32, 2 * n * n);
  check(
    Math.abs(estimate.purity - purity(n, estimate.re, estimate.im)) < 1e-12,
    "the update to keep the purity",
  );
  check(Math.abs(estimate.trace - 1) < 1e-12, "the update to keep the trace");
  return row;
}

async function benchQuadraticSet(n: number): Promise<BenchRow> {
  const { stream, estimate } = estimateOf(n);
  const concurrences = new Float64Array(n * n);
  const visibilities = new Float64Array(n * n);
  const roots = new Float64Array(n);
  let l1 = 0;
  const name = `update and all O(n²) measures, n=${n}`;
  const row = await single(
    name,
    () => {
      stream.feed(estimate);
      l1 = 2 * allConcurrences(n, estimate.re, estimate.im, concurrences);
      allVisibilities(n, estimate.re, estimate.im, visibilities, roots);
    },
    6 * n * n,
    n === 64 ? ({ atMost: 50, rank: "p99" } as const) : undefined,
  );
  // C_l1 sums 2|ρ_ij| over pairs; allConcurrences returns that sum.
  check(Math.abs(l1 / 2 - l1Coherence(n, estimate.re, estimate.im)) < 1e-10, "concurrences to sum to C_l1");
  return row;
}

async function benchFullUpdate(n: number): Promise<BenchRow> {
  const { stream, estimate } = estimateOf(n);
  const solver = new HermitianEigen(n);
  const values = new Float64Array(n);
  const concurrences = new Float64Array(n * n);
  const visibilities = new Float64Array(n * n);
  const roots = new Float64Array(n);
  let entropy = 0;
  const name = `update, all O(n²) measures, spectrum, entropy, n=${n}`;
  const row = await single(
    name,
    () => {
      stream.feed(estimate);
      allConcurrences(n, estimate.re, estimate.im, concurrences);
      allVisibilities(n, estimate.re, estimate.im, visibilities, roots);
      solver.eigenvalues(estimate.re, estimate.im, values);
      entropy = vonNeumannEntropy(n, values);
    },
    6 * n * n + n ** 3,
    { atMost: 100, rank: "p99" },
  );
  const square = values.reduce((a, b) => a + b * b, 0);
  check(Math.abs(square - estimate.purity) < 1e-13, "eigenvalues to give the purity");
  check(entropy > 0 && entropy < 2.78, "the entropy within its range");
  return row;
}

async function benchSpectrum(n: number): Promise<BenchRow[]> {
  const { estimate } = estimateOf(n);
  const { re, im } = estimate;
  const solver = new HermitianEigen(n);
  const values = new Float64Array(n);
  const vecRe = new Float64Array(n * n);
  const vecIm = new Float64Array(n * n);
  const matrix = realMatrix(n, re, im);
  let theirs: number[] = [];
  const { alone, withVectors, withLeading, library } = await inTurns({
    alone: singleCalls(() => solver.eigenvalues(re, im, values)),
    withVectors: singleCalls(() => solver.eigensystem(re, im, values, vecRe, vecIm)),
    withLeading: singleCalls(() => solver.leading(re, im, values, vecRe, vecIm)),
    library: singleCalls(() => {
      theirs = new EigenvalueDecomposition(matrix, { assumeSymmetric: true }).realEigenvalues;
    }),
  });
  const sorted = Float64Array.from(theirs).sort().reverse();
  for (let k = 0; k < n; k++)
    check(Math.abs(sorted[2 * k]! - values[k]!) < 1e-12, "the eigenvalues of ml-matrix");
  const peers = { "ml-matrix with vectors, real matrix of order 2n": library.map(({ p50 }) => p50) };
  const limit = n === 64 ? ({ atMost: 2500, rank: "p99" } as const) : undefined;
  return [
    compared(distribution(`eigenvalues, n=${n}`, alone), peers, limit),
    compared(distribution(`eigenvalues and eigenvectors, n=${n}`, withVectors), peers),
    compared(distribution(`eigenvalues and leading eigenvector, n=${n}`, withLeading), peers),
  ];
}

/** [[Re,−Im],[Im,Re]], whose spectrum is ours twice. */
function realMatrix(n: number, re: Float64Array, im: Float64Array): Matrix {
  const matrix = Matrix.zeros(2 * n, 2 * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      matrix.set(i, j, re[i * n + j]!);
      matrix.set(n + i, n + j, re[i * n + j]!);
      matrix.set(i, n + j, -im[i * n + j]!);
      matrix.set(n + i, j, im[i * n + j]!);
    }
  return matrix;
}

async function benchComparison(n: number): Promise<BenchRow> {
  const a = estimateOf(n).estimate;
  const { stream, estimate } = estimateOf(n);
  for (let k = 0; k < 37; k++) stream.feed(estimate);
  const pair = new StateComparison(n);
  let rootF = 0;
  let distance = 0;
  const name = `fidelity and trace distance, n=${n}`;
  const row = await single(
    name,
    () => {
      pair.load(a.re, a.im, estimate.re, estimate.im);
      rootF = pair.rootFidelity();
      distance = pair.traceDistance();
    },
    2 * n ** 3,
  );
  check(
    1 - rootF <= distance && distance <= Math.sqrt(1 - rootF * rootF),
    "the Fuchs–van de Graaf inequalities",
  );
  return row;
}

async function benchMeasure(n: number): Promise<BenchRow> {
  const { estimate } = estimateOf(n);
  let entropy = 0;
  const name = `measure (28 functionals, checked input), n=${n}`;
  const row = await single(
    name,
    () => {
      entropy = measure({ n, re: estimate.re, im: estimate.im })["entropy"] as number;
    },
    n ** 3,
  );
  check(entropy > 0, "measure to give the entropy");
  return row;
}

async function benchConformal(window: number): Promise<BenchRow> {
  const rank = new ConformalRank(window);
  const scores = new Float64Array(65_536);
  const uniform = uniforms();
  for (let k = 0; k < scores.length; k++) scores[k] = uniform();
  let at = 0;
  let sum = 0;
  let pushes = 0;
  const name = `conformal p-value, window ${window}`;
  const row = await batched(
    name,
    () => {
      sum += rank.push(scores[at]!, 0.5);
      pushes++;
      at = (at + 1) & 65_535;
    },
    1000,
    16,
    window === 1000 ? { atMost: 0.15 } : undefined,
  );
  check(Math.abs(sum / pushes - 0.5) < 0.02, "uniform conformal p-values");
  return row;
}

async function benchDetector(): Promise<BenchRow> {
  const table = new BetTable("energy", 16, [0.6, 0.8, 1.3, 1.8]);
  const detector = new EDetector(new Float64Array(18).fill(1 / 18));
  const logE = new Float64Array(18);
  let p = 0.1;
  const name = "e-detector, 18 members, 4 tabled bets";
  const row = await batched(
    name,
    () => {
      p = (p * 997 + 0.123) % 1;
      table.logE(p, logE, 0);
      detector.update(logE);
    },
    200,
    18,
  );
  check(Number.isFinite(detector.logEvidence), "finite evidence");
  return row;
}

async function benchAnalytic(): Promise<BenchRow> {
  const filter = new AnalyticSignal(16);
  const x = new Float64Array(16).fill(1);
  const re = new Float64Array(16);
  const im = new Float64Array(16);
  let k = 0;
  const name = "analytic signal, 16 channels";
  const row = await batched(
    name,
    () => {
      x.fill((k++ & 3) < 2 ? 1 : -1);
      filter.update(x, re, im);
    },
    200,
    16,
  );
  // x has frequency π/2 and amplitude √2, and the filter gain 1.
  check(Math.abs(Math.hypot(re[3]!, im[3]!) - Math.SQRT2) < 0.02, "an analytic signal of modulus √2");
  return row;
}

async function benchResonator(): Promise<BenchRow> {
  const resonators = new Resonators(1, 0.3, 0.08);
  let t = 0;
  const name = "resonator tick, order 2";
  const row = await batched(
    name,
    () => {
      t += 100_000;
      resonators.tick(0, t, 1);
    },
    500,
    8,
  );
  check(resonators.fields.z.every(Number.isFinite), "finite resonator states");
  return row;
}
