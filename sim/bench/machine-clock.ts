/**
 * The monotonic clock of the machine in µs, the same one in every process.
 *
 * Node's `hrtime` is that clock. Deno's begins at the start of its process, so Deno asks the system itself.
 */
import process from "node:process";
import { EigenwatchError } from "../../protocol/errors.ts";

export const machineNowUs: () => number =
  "Deno" in globalThis ? systemClock() : () => Number(process.hrtime.bigint()) / 1000;

/** `CLOCK_MONOTONIC` of Linux. */
const MONOTONIC = 1;

/** The part of Deno's interface to foreign functions that is used here. */
interface DenoFunctions {
  dlopen(
    library: string,
    symbols: { clock_gettime: { parameters: ["i32", "buffer"]; result: "i32" } },
  ): { symbols: { clock_gettime(clock: number, time: Uint8Array): number } };
}

function systemClock(): () => number {
  if (process.platform !== "linux")
    throw new EigenwatchError({
      action: "compare times of two processes",
      value: `Deno on ${process.platform}`,
      expected: "Linux, or Node",
      kind: "unavailable",
    });
  const { Deno } = globalThis as unknown as { Deno: DenoFunctions };
  const { symbols } = Deno.dlopen("libc.so.6", {
    clock_gettime: { parameters: ["i32", "buffer"], result: "i32" },
  });
  const time = new BigInt64Array(2);
  const bytes = new Uint8Array(time.buffer);
  return () => {
    symbols.clock_gettime(MONOTONIC, bytes);
    return Number(time[0]) * 1e6 + Number(time[1]) / 1e3;
  };
}
