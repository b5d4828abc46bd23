/** The open live connections (WebSocket, SSE) of people who have signed in, in all and per address, and their limits. */
import { HttpError } from "./http-error.ts";
import type { GatewayLimits } from "./limits.ts";

export type Transport = "ws" | "sse";

export class ConnectionCount {
  readonly #limits: GatewayLimits;
  readonly #byAddress = new Map<string, number>();
  readonly open: Record<Transport, number> = { ws: 0, sse: 0 };

  constructor(limits: GatewayLimits) {
    this.#limits = limits;
  }

  /** Counts a new connection; throws a HttpError (503) that names the limit it would exceed. Call the returned function when it ends. */
  enter(transport: Transport, address: string): () => void {
    const { connectionsMax, connectionsPerAddressMax, sseConnectionsMax } = this.#limits;
    const total = this.open.ws + this.open.sse;
    const ofAddress = this.#byAddress.get(address) ?? 0;
    if (total >= connectionsMax) throw tooMany(`${total} connections`, "connectionsMax", connectionsMax);
    if (ofAddress >= connectionsPerAddressMax)
      throw tooMany(
        `${ofAddress} connections of ${address}`,
        "connectionsPerAddressMax",
        connectionsPerAddressMax,
      );
    if (transport === "sse" && this.open.sse >= sseConnectionsMax)
      throw tooMany(`${this.open.sse} event streams`, "sseConnectionsMax", sseConnectionsMax);

    this.open[transport] += 1;
    this.#byAddress.set(address, ofAddress + 1);
    let entered = true;
    return () => {
      if (!entered) return;
      entered = false;
      this.open[transport] -= 1;
      const left = this.#byAddress.get(address)! - 1;
      if (left === 0) this.#byAddress.delete(address);
      else this.#byAddress.set(address, left);
    };
  }
}

/** Connections end when people close pages: seconds later there may be room. */
const RETRY_AFTER_S = "5";

/** The refusal (503) of one more connection or socket. */
export function tooMany(value: string, name: string, limit: number): HttpError {
  const expected = `at most ${limit} (${name})`;
  const parts = { action: "open one more connection", value, expected, kind: "unavailable" } as const;
  return new HttpError(503, parts, { "retry-after": RETRY_AFTER_S });
}
