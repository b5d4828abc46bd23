/** A stream of JetStream by its configuration: made when it is first used, and again when the servers have lost it. */
import * as v from "valibot";
import { EigenwatchError } from "../../protocol/errors.ts";
import { ANSWER_MS, type NatsLink, NatsRefused } from "./nats-connection.ts";
import { NobodyThere } from "./nats-requests.ts";

export interface StoreConfig {
  readonly name: string;
  readonly subjects: readonly string[];
  readonly storage: "file" | "memory";
  readonly [field: string]: unknown;
}

/** Error numbers of the servers. */
const STREAM_NOT_FOUND = 10059;
const STREAM_NAME_IN_USE = 10058;
const REPLICAS_NOT_SUPPORTED = 10074;
/** Not as many servers as copies. */
const NO_PEERS = 10005;

/** A server that has just started answers for its streams a little later. */
const RETRY_MS = 100;

const anything = v.looseObject({});

export class NatsStore {
  readonly #link: NatsLink;
  readonly #config: StoreConfig;
  #made: Promise<void> | null = null;

  constructor(link: NatsLink, config: StoreConfig) {
    this.#link = link;
    this.#config = config;
  }

  get name(): string {
    return this.#config.name;
  }

  /** Resolves when the stream is there. An existing one stays as it is configured. */
  ensure(): Promise<void> {
    this.#made ??= this.#make().catch((error: unknown) => {
      this.#made = null;
      throw error;
    });
    return this.#made;
  }

  /** Does `act` with the stream; makes it once more when it turns out to be gone. */
  async use<T>(act: () => Promise<T>): Promise<T> {
    await this.ensure();
    try {
      return await act();
    } catch (error) {
      if (!isGone(error)) throw error;
      this.#made = null;
      await this.ensure();
      return act();
    }
  }

  async #make(): Promise<void> {
    const until = this.#link.options.clock.monotonicMs() + ANSWER_MS;
    for (;;) {
      try {
        await this.#create();
        return;
      } catch (error) {
        if (!(error instanceof NobodyThere) || this.#link.options.clock.monotonicMs() > until) throw error;
        await new Promise<void>((resolve) => this.#link.options.clock.after(RETRY_MS, resolve));
      }
    }
  }

  async #create(): Promise<void> {
    const { name } = this.#config;
    try {
      await this.#link.api(`STREAM.INFO.${name}`, null, anything);
      return;
    } catch (error) {
      if (!(error instanceof NatsRefused) || error.code !== STREAM_NOT_FOUND) throw error;
    }
    const { replicas = 1 } = this.#link.options;
    const config = { retention: "limits", discard: "old", num_replicas: replicas, ...this.#config };
    try {
      await this.#link.api(`STREAM.CREATE.${name}`, config, anything);
    } catch (error) {
      if (!(error instanceof NatsRefused)) throw error;
      // Another node made it at the same time.
      if (error.code === STREAM_NAME_IN_USE) return;
      if (error.code === REPLICAS_NOT_SUPPORTED || error.code === NO_PEERS)
        throw new EigenwatchError(
          {
            action: `keep ${replicas} copies (--nats-replicas ${replicas})`,
            value: error.message,
            expected: "as many servers with JetStream in one cluster, or fewer copies",
            kind: "unavailable",
          },
          { cause: error },
        );
      throw error;
    }
  }
}

function isGone(error: unknown): boolean {
  return error instanceof NobodyThere || (error instanceof NatsRefused && error.code === STREAM_NOT_FOUND);
}
