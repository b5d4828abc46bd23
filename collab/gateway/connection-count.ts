/** How many live connections (WebSocket, SSE) there are, in all and per address, and who may open one more. */

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

  /** Counts a connection in, or throws a HttpError that names the limit. The returned function counts it out, once. */
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

function tooMany(value: string, name: string, limit: number): HttpError {
  return new HttpError(503, "open one more connection", value, `at most ${limit} (${name})`, {
    "retry-after": "5",
  });
}
