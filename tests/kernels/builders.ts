/** Random matrices, vectors and series for kernel tests, all drawn from one printed seed. */

import { uniforms } from "../../actors/kernels/uniforms.ts";

export type Matrix = { re: Float64Array; im: Float64Array };
export type Random = () => number;

export { uniforms as seeded };

/** Standard normal by Box–Muller. */
export function gaussian(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

export function ginibre(n: number, random: Random): Matrix {
  const re = new Float64Array(n * n).map(() => gaussian(random));
  const im = new Float64Array(n * n).map(() => gaussian(random));
  return { re, im };
}

export function randomHermitian(n: number, random: Random): Matrix {
  const { re, im } = ginibre(n, random);
  for (let i = 0; i < n; i++) {
    im[i * n + i] = 0;
    for (let j = 0; j < i; j++) {
      re[j * n + i] = re[i * n + j]!;
      im[j * n + i] = -im[i * n + j]!;
    }
  }
  return { re, im };
}

/** G G† / tr of a Ginibre matrix with `rank` columns (Hilbert–Schmidt measure when rank = n). */
export function randomDensity(n: number, random: Random, rank: number = n): Matrix {
  const g = ginibre(n, random);
  const re = new Float64Array(n * n);
  const im = new Float64Array(n * n);
  let trace = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let x = 0;
      let y = 0;
      for (let k = 0; k < rank; k++) {
        x += g.re[i * n + k]! * g.re[j * n + k]! + g.im[i * n + k]! * g.im[j * n + k]!;
        y += g.im[i * n + k]! * g.re[j * n + k]! - g.re[i * n + k]! * g.im[j * n + k]!;
      }
      re[i * n + j] = x;
      re[j * n + i] = x;
      im[i * n + j] = i === j ? 0 : y;
      im[j * n + i] = i === j ? 0 : -y;
    }
    trace += re[i * n + i]!;
  }
  return { re: re.map((x) => x / trace), im: im.map((x) => x / trace) };
}

/** Unit vector uniform on the complex sphere. */
export function randomPure(n: number, random: Random): Matrix {
  const re = new Float64Array(n).map(() => gaussian(random));
  const im = new Float64Array(n).map(() => gaussian(random));
  const norm = Math.sqrt(re.reduce((s, x) => s + x * x, 0) + im.reduce((s, x) => s + x * x, 0));
  return { re: re.map((x) => x / norm), im: im.map((x) => x / norm) };
}
