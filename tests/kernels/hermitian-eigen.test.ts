// runtime: either
import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { HermitianEigen } from "../../actors/kernels/hermitian-eigen.ts";
import { RowRotations } from "../../actors/kernels/row-rotations.ts";
import { orthogonaliseRows, singularValues } from "../../actors/kernels/singular-values.ts";
import { ginibre, randomDensity, randomHermitian, seeded } from "./builders.ts";
import { hermitianJacobi } from "./hermitian-jacobi.ts";

function residuals(n: number, re: Float64Array, im: Float64Array) {
  const values = new Float64Array(n);
  const vr = new Float64Array(n * n);
  const vi = new Float64Array(n * n);
  new HermitianEigen(n).eigensystem(re, im, values, vr, vi);
  let residual = 0;
  let orthogonality = 0;
  for (let k = 0; k < n; k++) {
    for (let i = 0; i < n; i++) {
      let x = 0;
      let y = 0;
      for (let j = 0; j < n; j++) {
        x += re[i * n + j]! * vr[k * n + j]! - im[i * n + j]! * vi[k * n + j]!;
        y += re[i * n + j]! * vi[k * n + j]! + im[i * n + j]! * vr[k * n + j]!;
      }
      residual = Math.max(
        residual,
        Math.hypot(x - values[k]! * vr[k * n + i]!, y - values[k]! * vi[k * n + i]!),
      );
    }
    for (let l = 0; l <= k; l++) {
      let x = 0;
      let y = 0;
      for (let j = 0; j < n; j++) {
        x += vr[k * n + j]! * vr[l * n + j]! + vi[k * n + j]! * vi[l * n + j]!;
        y += vr[k * n + j]! * vi[l * n + j]! - vi[k * n + j]! * vr[l * n + j]!;
      }
      orthogonality = Math.max(orthogonality, Math.hypot(x - (k === l ? 1 : 0), y));
    }
  }
  return { values, residual, orthogonality };
}

function eigensystem(n: number, re: Float64Array, im: Float64Array) {
  const values = new Float64Array(n);
  const vecRe = new Float64Array(n * n);
  const vecIm = new Float64Array(n * n);
  new HermitianEigen(n).eigensystem(re, im, values, vecRe, vecIm);
  return { values, vecRe, vecIm };
}

function leading(n: number, re: Float64Array, im: Float64Array) {
  const values = new Float64Array(n);
  const vecRe = new Float64Array(n);
  const vecIm = new Float64Array(n);
  new HermitianEigen(n).leading(re, im, values, vecRe, vecIm);
  return { values, vecRe, vecIm };
}

/** Real matrices whose largest eigenvalue is not alone, or which are diagonal or zero already. */
function degenerate(n: number): { re: Float64Array; im: Float64Array }[] {
  const entries = [
    (i: number, j: number) => (i === j ? 1 / n : 0),
    (i: number, j: number) => (i === j && i < 2 ? 0.5 : 0),
    (i: number, j: number) => (i % 2 === j % 2 ? 1 / n : 0),
    () => 0,
    (i: number, j: number) => (i === j && i === n - 1 ? -1 : 0),
  ];
  return entries.map((entry) => ({
    re: Float64Array.from({ length: n * n }, (_, k) => entry(Math.floor(k / n), k % n)),
    im: new Float64Array(n * n),
  }));
}

function pureState(n: number, random: () => number): { re: Float64Array; im: Float64Array } {
  const { re: a, im: b } = randomHermitian(n, random);
  const re = new Float64Array(n * n);
  const im = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      re[i * n + j] = (a[i]! * a[j]! + b[i]! * b[j]!) / n;
      im[i * n + j] = (b[i]! * a[j]! - a[i]! * b[j]!) / n;
    }
  return { re, im };
}

/** [[Re, −Im], [Im, Re]] */
function embedded(n: number, re: Float64Array, im: Float64Array): Matrix {
  return Matrix.zeros(2 * n, 2 * n).apply(function (this: Matrix, i: number, j: number) {
    const at = (i % n) * n + (j % n);
    this.set(i, j, i < n === j < n ? re[at]! : i < n ? -im[at]! : im[at]!);
  });
}

/** Shows −0 and the last bit. */
function bits(array: Float64Array): string {
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString("hex");
}

test("eigensystem reproduces the matrix to rounding for every order up to 40 and for 64 and 128", () => {
  const random = seeded(1);
  for (const n of [...Array.from({ length: 40 }, (_, k) => k + 1), 64, 128]) {
    const { re, im } = randomDensity(n, random);
    const { values, residual, orthogonality } = residuals(n, re, im);
    assert.ok(residual < 2e-15, `residual ${residual} at n=${n}`);
    assert.ok(orthogonality < 2e-14, `orthogonality ${orthogonality} at n=${n}`);
    const sum = values.reduce((a, b) => a + b, 0);
    assert.ok(Math.abs(sum - 1) < 4e-15, `trace ${sum} at n=${n}`);
  }
});

test("eigenvalues agree with Jacobi rotations on random Hermitian matrices", () => {
  const random = seeded(2);
  for (const n of [1, 2, 3, 5, 8, 16, 33]) {
    const { re, im } = randomHermitian(n, random);
    const fast = new Float64Array(n);
    new HermitianEigen(n).eigenvalues(re, im, fast);
    const slow = hermitianJacobi(n, re, im);
    for (let k = 0; k < n; k++)
      assert.ok(Math.abs(fast[k]! - slow[k]!) < 1e-13 * (1 + Math.abs(slow[0]!)), `n=${n} k=${k}`);
  }
});

test("eigenvalues alone and with vectors agree to rounding", () => {
  const random = seeded(3);
  const n = 16;
  const { re, im } = randomDensity(n, random);
  const alone = new Float64Array(n);
  new HermitianEigen(n).eigenvalues(re, im, alone);
  const { values } = residuals(n, re, im);
  for (let k = 0; k < n; k++) assert.ok(Math.abs(alone[k]! - values[k]!) < 1e-15);
});

test("eigensystem handles degenerate, diagonal, pure and zero matrices", () => {
  const n = 8;
  for (const build of [
    (i: number, j: number) => (i === j ? 1 / n : 0),
    (i: number, j: number) => (i === j && i < 2 ? 0.5 : 0),
    () => 1 / n,
    () => 0,
    (i: number, j: number) => (i === j && i === 3 ? 1 : 0),
    (i: number, j: number) => (Math.abs(i - j) === 1 ? 1 : 0),
  ]) {
    const re = new Float64Array(n * n);
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) re[i * n + j] = build(i, j);
    const { residual, orthogonality } = residuals(n, re, new Float64Array(n * n));
    assert.ok(residual < 3e-15 && orthogonality < 1e-14, `${residual} ${orthogonality}`);
  }
});

test("the leading eigenvector alone has the bits of the eigensystem up to order 32, and so have the eigenvalues at every order", () => {
  const random = seeded(6);
  for (const n of [1, 2, 3, 5, 8, 16, 31, 32, 33, 64, 128]) {
    for (const { re, im } of [randomDensity(n, random), randomHermitian(n, random), ...degenerate(n)]) {
      const whole = eigensystem(n, re, im);
      const alone = leading(n, re, im);
      assert.equal(bits(alone.values), bits(whole.values), `n=${n}`);
      if (n > 32) continue;
      assert.equal(bits(alone.vecRe), bits(whole.vecRe.subarray(0, n)), `n=${n}`);
      assert.equal(bits(alone.vecIm), bits(whole.vecIm.subarray(0, n)), `n=${n}`);
    }
  }
});

test("the leading eigenvector alone is that of the eigensystem to rounding above order 32, also where eigenvalues coincide", () => {
  const random = seeded(7);
  for (const n of [33, 47, 64, 128]) {
    for (const { re, im } of [
      randomDensity(n, random),
      randomHermitian(n, random),
      pureState(n, random),
      ...degenerate(n),
    ]) {
      const whole = eigensystem(n, re, im);
      const alone = leading(n, re, im);
      for (let j = 0; j < n; j++) {
        assert.ok(Math.abs(alone.vecRe[j]! - whole.vecRe[j]!) < 2e-14, `n=${n} component ${j}`);
        assert.ok(Math.abs(alone.vecIm[j]! - whole.vecIm[j]!) < 2e-14, `n=${n} component ${j}`);
      }
    }
  }
});

test("weights of the leading eigenvector agree with ml-matrix on the real symmetric matrix of twice the order", () => {
  const random = seeded(8);
  for (const n of [4, 20, 48]) {
    const { re, im } = randomDensity(n, random);
    const { vecRe, vecIm } = leading(n, re, im);
    const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(embedded(n, re, im));
    // Each eigenvalue comes twice, with (Re x, Im x) and (−Im x, Re x): together they have twice the weight of each component.
    const two = realEigenvalues
      .map((value, k) => [value, k])
      .sort(([a], [b]) => b! - a!)
      .slice(0, 2);
    for (let i = 0; i < n; i++) {
      let weight = 0;
      for (const [, k] of two)
        weight += (eigenvectorMatrix.get(i, k!) ** 2 + eigenvectorMatrix.get(n + i, k!) ** 2) / 2;
      assert.ok(Math.abs(vecRe[i]! ** 2 + vecIm[i]! ** 2 - weight) < 1e-12, `n=${n} component ${i}`);
    }
  }
});

test("an iteration with more rotations than there is room for keeps them all", () => {
  const n = 3;
  const rotations = new RowRotations(n);
  const whole = Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1);
  const row = Float64Array.of(0, 1, 0);
  for (let sweep = 0; sweep < 40; sweep++) {
    rotations.beginSweep(1);
    for (const angle of [sweep + 1, -2 * sweep]) rotations.add(Math.cos(angle), Math.sin(angle));
  }
  rotations.rotateRows(whole);
  rotations.rotateFromLeft(row);
  for (let j = 0; j < n; j++) assert.ok(Math.abs(row[j]! - whole[n + j]!) < 1e-14);
});

test("eigenvalues scale with matrices as large as 1e300 and as small as 1e-300", () => {
  const random = seeded(4);
  const n = 6;
  const { re, im } = randomDensity(n, random);
  const plain = new Float64Array(n);
  const scaled = new Float64Array(n);
  const solver = new HermitianEigen(n);
  solver.eigenvalues(re, im, plain);
  for (const scale of [1e300, 1e-300]) {
    solver.eigenvalues(
      re.map((x) => x * scale),
      im.map((x) => x * scale),
      scaled,
    );
    for (let k = 0; k < n; k++) assert.ok(Math.abs(scaled[k]! / scale - plain[k]!) < 1e-14);
  }
});

test("eigen-solver rejects entries that are not finite and orders out of range", () => {
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const re = new Float64Array(9).fill(bad);
    assert.throws(
      () => new HermitianEigen(3).eigenvalues(re, new Float64Array(9), new Float64Array(3)),
      /not finite/,
    );
  }
  for (const n of [0, 129, 1.5])
    assert.throws(() => new HermitianEigen(n), /expected an integer from 1 to 128/);
});

test("singular values squared are the eigenvalues of A A†", () => {
  const random = seeded(5);
  for (const n of [1, 2, 4, 9, 16, 40]) {
    const a = ginibre(n, random);
    const gramRe = new Float64Array(n * n);
    const gramIm = new Float64Array(n * n);
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++)
        for (let k = 0; k < n; k++) {
          gramRe[i * n + j]! += a.re[i * n + k]! * a.re[j * n + k]! + a.im[i * n + k]! * a.im[j * n + k]!;
          gramIm[i * n + j]! += a.im[i * n + k]! * a.re[j * n + k]! - a.re[i * n + k]! * a.im[j * n + k]!;
        }
    const eigen = hermitianJacobi(n, gramRe, gramIm);
    const values = new Float64Array(n);
    singularValues(n, a.re, a.im, values);
    for (let k = 0; k < n; k++)
      assert.ok(Math.abs(values[k]! ** 2 - eigen[k]!) < 1e-12 * eigen[0]!, `n=${n} k=${k}`);
  }
});

test("rows of a real matrix become orthogonal with the same bits as those of a complex one without imaginary part", () => {
  const random = seeded(6);
  for (const n of [1, 2, 3, 16, 40]) {
    const { re, im: other } = ginibre(n, random);
    for (const from of [0, Math.ceil(n / 2)]) {
      re.fill(0, from * n, from * n + n);
      const [real, complex, along, alongComplex] = [re.slice(), re.slice(), other.slice(), other.slice()];
      orthogonaliseRows(n, real, new Float64Array(n * n), along, new Float64Array(n * n));
      orthogonaliseRows(n, complex, new Float64Array(n * n), alongComplex, other.slice());
      assert.equal([real, along], [complex, alongComplex]);
      const alone = re.slice();
      orthogonaliseRows(n, alone, new Float64Array(n * n));
      assert.equal(alone, real);
    }
  }
});

test("singular values of a matrix with rows 1 and 1e-12 keep the small one to full precision", () => {
  const re = Float64Array.of(1, 1, 1e-12, -1e-12);
  const values = new Float64Array(2);
  singularValues(2, re, new Float64Array(4), values);
  assert.ok(Math.abs(values[1]! / (1e-12 * Math.SQRT2) - 1) < 1e-15);
});

test.run();
