/** A universe that a process serves by name: loaded once from disk, at start. */
import { createHash } from "node:crypto";
import { EigenwatchError } from "../../../protocol/errors.ts";
import type { UniverseState } from "../../../protocol/scan-messages.ts";
import { loadUniverse } from "./load.ts";
import { PreparedUniverse } from "./prepared.ts";
import type { UniverseData } from "./universe.ts";

export class ServedUniverse {
  readonly name: string;
  private universe: PreparedUniverse | null = null;
  private failure: Error | null = null;
  private digested: string | null = null;
  private readonly loading: Promise<void>;

  constructor(name: string, path: string, log: (line: string) => void) {
    this.name = name;
    this.loading = loadUniverse(path).then(
      ({ universe, unreadable }) => {
        this.universe = new PreparedUniverse(name, universe);
        for (const { message } of unreadable) log(`universe ${name}: ${message}`);
      },
      (error: Error) => {
        this.failure = error;
        log(`universe ${name}: ${error.message}`);
      },
    );
  }

  /** The reason of a rejection names no path: a client is not told where data lie. */
  async ready(): Promise<PreparedUniverse> {
    await this.loading;
    if (this.universe !== null) return this.universe;
    throw new EigenwatchError({
      action: `load universe ${this.name}`,
      value: "its data cannot be read",
      expected: "data as the log of the server says",
      kind: "unavailable",
    });
  }

  /** Whether these are its data, prepared for whatever rule. */
  holds(data: object): boolean {
    return this.universe?.loaded.data.timeUs === (data as UniverseData).timeUs;
  }

  /** After ready(). Of its symbols, times and columns: the same on every node that has loaded the same data. */
  get digest(): string {
    this.digested ??= digestOf(this.universe!.loaded.data);
    return this.digested;
  }

  describe(): UniverseState {
    const { name, universe, failure } = this;
    if (universe !== null) return { name, state: "loaded", symbols: universe.places.size, reason: "" };
    return {
      name,
      state: failure === null ? "loading" : "failed",
      symbols: 0,
      reason: failure === null ? "" : "see the log of the server",
    };
  }
}

function digestOf({ symbols, offsets, timeUs, columns }: UniverseData): string {
  const hash = createHash("sha256").update(JSON.stringify([symbols, Object.keys(columns)]));
  for (const column of [offsets, timeUs, ...Object.values(columns)])
    hash.update(new Uint8Array(column.buffer, column.byteOffset, column.byteLength));
  return hash.digest("hex");
}
