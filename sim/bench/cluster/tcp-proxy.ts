/**
 * A local TCP proxy that can be cut: connections through it end, and no new ones pass, until it is joined again. Muted, it still passes on what comes, and
 * holds back what goes there.
 */
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

export class TcpProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Those who connected, and the connection to the server of each. */
  readonly #pairs = new Map<Socket, Socket>();
  #isCut = false;

  static async open(port: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(port);
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  private constructor(port: number) {
    this.#server = createServer((near) => {
      if (this.#isCut) {
        near.destroy();
        return;
      }
      const far = connect(port, "127.0.0.1");
      this.#pairs.set(near, far);
      near.once("close", () => this.#pairs.delete(near));
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(from);
        from.setNoDelay(true);
        from.on("error", () => to.destroy());
        from.on("close", () => {
          this.#sockets.delete(from);
          to.destroy();
        });
        from.pipe(to);
      }
    });
  }

  get url(): string {
    return `nats://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  join(): void {
    this.#isCut = false;
  }

  /** Nothing that the server sends arrives until `unmute`. */
  mute(): void {
    for (const far of this.#pairs.values()) far.unpipe().pause();
  }

  unmute(): void {
    for (const [near, far] of this.#pairs) far.pipe(near);
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
