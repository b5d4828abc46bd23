// runtime: either
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { measure } from "../../actors/kernels/measure.ts";
import { measureLine } from "../../actors/kernels/measure-line.ts";
import { shared, skipWithoutData } from "../support/shared.ts";
import { randomDensity, randomPure, seeded } from "./builders.ts";

type Values = Record<string, [number, number]>;
type M = { re: number[]; im: number[] };
interface Item {
  id: string;
  n: number;
  rho: M;
  eig: number[];
  f: Values;
  pair: { sigma: M; f: Values };
  update: { alpha: number; psi: M; f: Values };
}

const path = shared("oracle/states.json.gz");

test("measure agrees with every reference state within its tolerance", () => {
  if (path === null) return skipWithoutData();
  const items = JSON.parse(gunzipSync(readFileSync(path)).toString()).items as Item[];
  assert.is(items.length, 200);
  const wrong: string[] = [];
  let compared = 0;
  for (const item of items) {
    const got = measure({ n: item.n, ...item.rho }, item.pair.sigma, item.update);
    const compare = (name: string, [value, tolerance]: [number, number]) => {
      compared++;
      const mine = got[name];
      if (typeof mine !== "number" || !(Math.abs(mine - value) <= tolerance))
        wrong.push(`${item.id} ${name}: ${mine}; expected ${value} ± ${tolerance}`);
    };
    for (const [name, pair] of Object.entries(item.f)) compare(name, pair);
    for (const [name, pair] of Object.entries(item.pair.f)) compare(name, pair);
    for (const [name, pair] of Object.entries(item.update.f)) compare(`update.${name}`, pair);
    const eig = got["eig"] as number[];
    for (let k = 0; k < item.n; k++)
      if (!(Math.abs(eig[k]! - item.eig[k]!) <= 1e-12)) wrong.push(`${item.id} eig ${k}: ${eig[k]}`);
    const known = new Set([
      "eig",
      "relEntropy",
      ...Object.keys(item.f),
      ...Object.keys(item.pair.f),
      ...Object.keys(item.update.f).map((name) => `update.${name}`),
    ]);
    for (const name of Object.keys(got)) if (!known.has(name)) wrong.push(`${item.id} unknown name ${name}`);
  }
  assert.ok(compared > 9000, `compared ${compared}`);
  assert.equal(wrong, []);
});

test("measure gives null for the relative entropy of orthogonal states", () => {
  const up = { re: [1, 0, 0, 0], im: [0, 0, 0, 0] };
  const down = { re: [0, 0, 0, 1], im: [0, 0, 0, 0] };
  const got = measure({ n: 2, ...up }, down);
  assert.is(got["relEntropy"], null);
  assert.is(got["fidelity"], 0);
  assert.is(got["traceDist"], 1);
  assert.is(got["g_0_last"], null);
});

test("measure gives the textbook values of the maximally mixed and the maximally coherent state", () => {
  const n = 4;
  const mixed = measure({
    n,
    re: Array.from({ length: 16 }, (_, k) => (k % 5 === 0 ? 0.25 : 0)),
    im: Array(16).fill(0),
  });
  const near = (a: unknown, b: number) => assert.ok(Math.abs((a as number) - b) < 1e-14, `${a} is not ${b}`);
  near(mixed["entropy"], Math.log(4));
  near(mixed["purity"], 0.25);
  near(mixed["cohL1"], 0);
  near(mixed["entropyLo"], Math.log(4));
  near(mixed["entropyHi"], Math.log(4));
  const coherent = measure({ n, re: Array(16).fill(0.25), im: Array(16).fill(0) });
  near(coherent["entropy"], 0);
  near(coherent["cohL1"], 3);
  near(coherent["cohRel"], Math.log(4));
  near(coherent["halfNegativity"], 0.5);
  near(coherent["halfLogNeg"], 1);
  near(coherent["g_0_last"], 1);
});

test("measure of one mode has no values of pairs", () => {
  const got = measure({ n: 1, re: [1], im: [0] });
  assert.is(got["purity"], 1);
  assert.is(got["cohL1Norm"], 0);
  assert.not("halfSA" in got);
});

test("measure rejects a matrix that is not a state, with the reason", () => {
  const zero = [0, 0, 0, 0];
  assert.throws(() => measure({ n: 2, re: [1, 0, 0], im: zero }), /re has 3 entries; expected n² = 4/);
  assert.throws(() => measure({ n: 2, re: [1, Number.NaN, 0, 0], im: zero }), /re\[0,1\] is NaN/);
  assert.throws(
    () => measure({ n: 2, re: [0.5, 0.1, 0.2, 0.5], im: zero }),
    /\[1,0\] and \[0,1\] are not conjugate/,
  );
  assert.throws(() => measure({ n: 2, re: [0.5, 0, 0, 0.5], im: [0.1, 0, 0, 0] }), /not conjugate/);
  assert.throws(() => measure({ n: 2, re: [0.5, 0, 0, 0.4], im: zero }), /trace is 0.9; expected 1/);
  assert.throws(() => measure({ n: 2, re: [1.1, 0, 0, -0.1], im: zero }), /lowest eigenvalue is -0.1/);
  assert.throws(() => measure({ n: 0, re: [], im: [] }), /expected an integer from 1 to 128/);
  const good = { n: 2, re: [0.5, 0, 0, 0.5], im: zero };
  assert.throws(() => measure(good, { re: [1], im: [0] }), /sigma: re has 1 entries/);
  assert.throws(() => measure(good, undefined, { alpha: 2, psi: { re: [1, 0], im: [0, 0] } }), /alpha is 2/);
  assert.throws(
    () => measure(good, undefined, { alpha: 0.1, psi: { re: [1, 1], im: [0, 0] } }),
    /update\.psi: its squared norm is 2/,
  );
});

test("measure line answers a request and reports the problem of an invalid one", () => {
  const line = (value: unknown) => JSON.parse(measureLine(JSON.stringify(value)));
  const good = { n: 2, re: [0.5, 0.5, 0.5, 0.5], im: [0, 0, 0, 0] };
  assert.is(line(good).cohL1, 1);
  assert.is(line({ ...good, sigma: { re: good.re, im: good.im } }).fidelity > 1 - 1e-12, true);
  assert.match(JSON.parse(measureLine("{")).error, /not JSON \(1 characters\)/);
  assert.match(line([]).error, /the line: it is an array; expected an object/);
  assert.match(line({ ...good, n: "2" }).error, /n: it is the text "2"; expected a number/);
  assert.equal(line({ n: 2, re: good.re }), line(good), "a matrix without im is real");
  assert.equal(
    line({
      n: 2,
      re: [
        [0.5, 0.5],
        [0.5, 0.5],
      ],
    }),
    line(good),
    "rows may be lists",
  );
  assert.match(line({ n: 2, im: good.im }).error, /none of re, rho and psi; expected a state/);
  assert.match(line({ operator: "sz", current: 0.2 }).error, /holds a record \(current\); expected a state/);
  assert.match(line({ n: 2, re: [[1, 0], [0]] }).error, /rho.re\[1\]: it has 1 entries; expected 2/);
  assert.match(line({ ...good, re: [1, "x", 0, 0] }).error, /rho.re\[1\]: it is the text "x"/);
  assert.match(line({ ...good, update: {} }).error, /update.alpha: it is absent/);
});

test("measure line reads every form of a state that the feeds read, real ones without im, and says which line it answers", () => {
  const line = (value: unknown) => JSON.parse(measureLine(JSON.stringify(value)));
  const rows = [[0.5, 0.3], [0.3, 0.5]]; // biome-ignore format: a matrix
  const zeros = [[0, 0], [0, 0]]; // biome-ignore format: a matrix
  const { time: _, ...measured } = line({ time: 7, n: 2, re: rows.flat(), im: zeros.flat() });
  assert.is(measured.purity, 2 * (0.5 ** 2 + 0.3 ** 2));
  for (const state of [
    { n: 2, rho: rows },
    { rho: rows },
    { rho: { re: rows } },
    { rho: { re: rows, im: zeros } },
    { n: 2, rho: rows.flat() },
    { rho: rows.flat() },
    { re: rows },
  ])
    assert.equal(line(state), measured, JSON.stringify(state));
  assert.equal(Object.entries(line({ time: "07:28", rho: rows }))[0], ["time", "07:28"]);
  assert.match(line({ n: 3, rho: rows }).error, /re has 4 entries; expected n² = 9 for n = 3/);
  assert.match(line({ rho: [[[0.5, 0], 0], [0, 0.5]] }).error, /rho\.re\[0\]\[0\]: it is an array; expected a number/); // biome-ignore format: a matrix
  assert.match(
    line({ rho: [[0.5, 0], 0.5] }).error,
    /rho\.re\[1\]: it is a number; expected a row, as the first/,
  );
});

test("measure line measures a state vector as its density matrix, and compares and updates in the same forms", () => {
  const line = (value: unknown) => JSON.parse(measureLine(JSON.stringify(value)));
  const circular = { re: [[0.5, 0], [0, 0.5]], im: [[0, -0.5], [0.5, 0]] }; // biome-ignore format: a matrix
  // |ψ⟩ = (|0⟩ + i|1⟩)/√2 has ρ01 = ψ0 ψ1* = −i/2; it and |0⟩ share half: ⟨0|ρ|0⟩ = 1/2.
  const root = Math.SQRT1_2;
  const psi = { re: [root, 0], im: [0, root] };
  for (const sigma of [circular, { rho: circular }, { psi }, psi])
    assert.ok(Math.abs(line({ psi, sigma }).fidelity - 1) < 1e-9, JSON.stringify(sigma));
  for (const sigma of [[[1, 0], [0, 0]], [1, 0, 0, 0], [1, 0], { psi: [1, 0] }]) // biome-ignore format: a matrix
    assert.ok(Math.abs(line({ psi, sigma }).fidelity - 0.5) < 1e-9, JSON.stringify(sigma));
  assert.is(line({ psi: [1, 0], update: { alpha: 0.5, psi: [0, 1] } })["update.purity"], 0.5);
  assert.match(line({ psi: [1, 1] }).error, /rho: its squared norm is 2; expected 1/);
  assert.match(line({ psi: { re: [1, 0], im: [0] } }).error, /rho: im has 1 amplitudes; expected 2/);
  assert.match(line({ psi: [1, ...Array(128).fill(0)] }).error, /it has 129 levels; expected at most 128/);
});

test("measured values satisfy all their identities on random states", () => {
  const random = seeded(11);
  const count = process.env["EIGENWATCH_LONG"] === "1" ? 10_000 : 1_000;
  let worst = 0;
  const note = (x: number) => {
    worst = Math.max(worst, x);
  };
  for (let k = 0; k < count; k++) {
    const n = 2 + Math.floor(random() * 7);
    const rank = 1 + Math.floor(random() * n);
    const rho = randomDensity(n, random, rank);
    // The stored doubles of a singular state are singular only to 1e-17, and √F is Hölder-½ there.
    const slack = rank < n ? n * 2e-8 : 0;
    const sigma = randomDensity(n, random);
    const psi = randomPure(n, random);
    const got = measure({ n, ...rho }, sigma, { alpha: random(), psi }) as Record<string, number>;
    let pairs = 0;
    let pairs2 = 0;
    let populations2 = 0;
    let cross2 = 0;
    for (let i = 0; i < n; i++) {
      populations2 += rho.re[i * n + i]! ** 2;
      for (let j = 0; j < i; j++) {
        const c = 2 * Math.hypot(rho.re[i * n + j]!, rho.im[i * n + j]!);
        pairs += c;
        pairs2 += c * c;
        if (j < Math.floor(n / 2) && i >= Math.floor(n / 2)) cross2 += c * c;
      }
    }
    const p0 = rho.re[0]!;
    let pA = 0;
    for (let i = 0; i < Math.floor(n / 2); i++) pA += rho.re[i * n + i]!;
    note(Math.abs(got["cohL1"]! - pairs));
    note(Math.abs(got["purity"]! - populations2 - 0.5 * pairs2));
    note(Math.abs(got["halfNegativity"]! ** 2 - 0.25 * cross2));
    note(got["sumConc2_0"]! - 4 * p0 * (1 - p0));
    note(
      Math.abs(
        got["halfMutualInfo"]! + pA * Math.log(pA) + (1 - pA) * Math.log(1 - pA) - got["halfBlockCoh"]!,
      ),
    );
    note(got["fringeV_0_last"]! ** 2 + got["whichWayD_0_last"]! ** 2 - 1);
    note(got["entropyLo"]! - got["entropy"]!);
    note(got["entropy"]! - got["entropyHi"]!);
    note(got["fidelity"]! - got["superFid"]! - slack);
    note(got["subFid"]! - got["fidelity"]! - slack);
    note(1 - got["rootFidelity"]! - got["traceDist"]! - slack);
    note(got["traceDist"]! - Math.sqrt(1 - got["fidelity"]! + 1e-13) - slack);
    note(got["hs"]! / Math.SQRT2 - got["traceDist"]!);
    note(got["traceDist"]! - 0.5 * Math.sqrt(n) * got["hs"]!);
    note(Math.abs(got["update.trace"]! - 1));
  }
  assert.ok(worst <= 1e-12, `largest violation ${worst}`);
});

test.run();
