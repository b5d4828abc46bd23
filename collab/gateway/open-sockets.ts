/**
 * The open sockets. Those of strangers are counted apart from those of people who have signed in.
 *
 *   connected ──► stranger ──a request or a hello that is signed in──► signed in
 *                    └──another stranger needs its place──► ended
 *
 * K1  A new socket is always taken. If there is no place for one more stranger, the stranger that has waited longest since its last request is
 *     ended. So whoever connects can send one request: `/healthz`, or one that is signed in.
 * K2  No number of strangers ends or refuses a socket that has signed in.
 * K3  A socket that is ended before its first request, or refused, gets an answer that names the limit.
 */
import type { Socket } from "node:net";
import type { EigenwatchError } from "../../protocol/errors.ts";
import { tooMany } from "./connection-count.ts";
import type { GatewayLimits } from "./limits.ts";
import { endWithError } from "./response.ts";

export type SocketKind = "stranger" | "signedIn";

interface Stranger {
  readonly address: string;
  /** Ends the socket with the reason. */
  end(reason: EigenwatchError): void;
}

export class OpenSockets {
  readonly #limits: GatewayLimits;
  /** The sockets of one address are limited; false where all of them come from a proxy. */
  readonly #addressesKnown: boolean;
  readonly #ended: (limit: keyof GatewayLimits) => void;
  /** Those that have waited longest come first. */
  readonly #strangers = new Map<Socket, Stranger>();
  readonly #signedIn = new Map<Socket, { readonly address: string }>();

  /** `ended` is told the limit for which a stranger was ended. */
  constructor(
    limits: GatewayLimits,
    addressesKnown: boolean,
    ended: (limit: keyof GatewayLimits) => void = () => {},
  ) {
    this.#limits = limits;
    this.#addressesKnown = addressesKnown;
    this.#ended = ended;
  }

  get open(): Record<SocketKind, number> {
    return { stranger: this.#strangers.size, signedIn: this.#signedIn.size };
  }

  /** Takes a socket that has just connected. */
  add(socket: Socket): void {
    const address = socket.remoteAddress ?? "unknown";
    this.#makeRoom(address);
    this.#strangers.set(socket, { address, end: (reason) => endWithError(socket, reason) });
    socket.once("close", () => {
      this.#strangers.delete(socket);
      this.#signedIn.delete(socket);
    });
  }

  /** A stranger has sent a request: of all strangers it has now waited shortest. `end` ends its socket from now on. */
  heard(socket: Socket, end: (reason: EigenwatchError) => void = () => socket.destroy()): void {
    const stranger = this.#strangers.get(socket);
    if (stranger === undefined) return;
    this.#strangers.delete(socket);
    this.#strangers.set(socket, { address: stranger.address, end });
  }

  /** Somebody has signed in on this socket. Throws an HttpError (503) that names the limit when there is no place. */
  signIn(socket: Socket): void {
    const stranger = this.#strangers.get(socket);
    if (stranger === undefined) return;
    const { socketsMax, strangerSocketsMax, socketsPerAddressMax } = this.#limits;
    const open = this.#signedIn.size;
    // The places of strangers stay free for them: there must be a way to sign in, and to ask for /healthz.
    const most = socketsMax - strangerSocketsMax;
    if (open >= most) throw tooMany(`${open} sockets`, "socketsMax - strangerSocketsMax", most);
    const { address } = stranger;
    const ofAddress = this.#addressesKnown ? countOf(this.#signedIn.values(), address) : 0;
    if (ofAddress >= socketsPerAddressMax)
      throw tooMany(`${ofAddress} sockets of ${address}`, "socketsPerAddressMax", socketsPerAddressMax);
    this.#strangers.delete(socket);
    this.#signedIn.set(socket, { address });
  }

  destroyAll(): void {
    for (const socket of [...this.#strangers.keys(), ...this.#signedIn.keys()]) socket.destroy();
  }

  #makeRoom(address: string): void {
    const { strangerSocketsMax, strangerSocketsPerAddressMax } = this.#limits;
    const ofAddress = this.#addressesKnown ? countOf(this.#strangers.values(), address) : 0;
    if (ofAddress >= strangerSocketsPerAddressMax) this.#endOldest("strangerSocketsPerAddressMax", address);
    else if (this.#strangers.size >= strangerSocketsMax)
      this.#endOldest("strangerSocketsMax", this.#addressesKnown ? this.#busiestAddress() : null);
  }

  #endOldest(limit: "strangerSocketsMax" | "strangerSocketsPerAddressMax", address: string | null): void {
    for (const [socket, stranger] of this.#strangers) {
      if (address !== null && stranger.address !== address) continue;
      this.#strangers.delete(socket);
      const value = `one more socket without a sign-in${address === null ? "" : ` of ${address}`}`;
      stranger.end(tooMany(value, limit, this.#limits[limit]));
      this.#ended(limit);
      return;
    }
  }

  /** The address with the most strangers. */
  #busiestAddress(): string | null {
    const counts = new Map<string, number>();
    let busiest: string | null = null;
    for (const { address } of this.#strangers.values()) {
      const count = (counts.get(address) ?? 0) + 1;
      counts.set(address, count);
      if (busiest === null || count > counts.get(busiest)!) busiest = address;
    }
    return busiest;
  }
}

function countOf(sockets: Iterable<{ readonly address: string }>, address: string): number {
  let count = 0;
  for (const socket of sockets) if (socket.address === address) count++;
  return count;
}
