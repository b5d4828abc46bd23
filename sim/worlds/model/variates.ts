/** Random variates of one named stream, the same bits on every runtime. */
import ln from "@stdlib/math-base-special-ln";
import normalQuantile from "@stdlib/stats-base-dists-normal-quantile";
import { RandomStream } from "../../../actors/core/mod.ts";

/** 32 bits of the stream, shifted by half a step: quantiles of 0 and 1 are infinite. */
const HALF_STEP = 1 / 8_589_934_592;

export class Variates {
  private readonly stream: RandomStream;

  /** Streams with different names are independent: the draws of one part of a world never change another part. */
  constructor(seed: number, name: string) {
    this.stream = new RandomStream(seed, `feed/${name}`);
  }

  /** Uniform on (0, 1). */
  uniform(): number {
    return this.stream.next() + HALF_STEP;
  }

  /** Standard normal by inversion: uses one uniform, so that the n-th variate uses the n-th number of the stream. Reaches ±6.3. */
  normal(): number {
    return normalQuantile(this.uniform(), 0, 1);
  }

  /** Exponential of mean 1. */
  exponential(): number {
    return -ln(this.uniform());
  }

  /** A whole number from 0 to `below` − 1. */
  whole(below: number): number {
    return Math.floor(this.stream.next() * below);
  }

  /** −1 or 1. */
  sign(): number {
    return this.stream.next() < 0.5 ? -1 : 1;
  }
}
