/**
 * Unix sockets on which somebody listens, and the question whether somebody does.
 *
 * Node through `node:net`, Deno through its own calls: in Deno 2.9 `node:net` closes the descriptor of each Unix socket twice, listening,
 * accepted or connected (`close_pipe` in its libs/core/uv_compat/pipe.rs). Between the two another thread may open a file and get the number.
 * The second close then takes the file from whoever reads or writes it.
 */
import { connect, createServer } from "node:net";

interface UnixListener {
  close(): Promise<void>;
}

interface UnixSockets {
  /** Accepts connections at `path`, which must be free, and hangs up. It keeps no process alive. */
  listen(path: string): Promise<UnixListener>;
  /** Whether somebody accepts at `path`: resolves when so, else rejects with the system's error. */
  reach(path: string): Promise<void>;
}

const throughNode: UnixSockets = {
  async listen(path) {
    const server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(path, () => {
        server.off("error", reject);
        resolve();
      });
    });
    server.unref();
    // A caller that cannot be accepted has its answer already.
    server.on("error", () => {});
    return { close: () => new Promise((resolve) => void server.close(() => resolve())) };
  },
  reach: (path) =>
    new Promise((resolve, reject) => {
      const socket = connect(path);
      socket.once("error", reject);
      socket.once("connect", () => {
        socket.destroy();
        resolve();
      });
    }),
};

/** The part of Deno that is used here. */
interface DenoSockets {
  listen(options: { transport: "unix"; path: string }): DenoListener;
  connect(options: { transport: "unix"; path: string }): Promise<{ close(): void }>;
}

interface DenoListener {
  accept(): Promise<{ close(): void }>;
  unref(): void;
  close(): void;
}

function throughDeno(deno: DenoSockets): UnixSockets {
  return {
    async listen(path) {
      const listener = deno.listen({ transport: "unix", path });
      listener.unref();
      void hangUp(listener);
      return { close: async () => listener.close() };
    },
    async reach(path) {
      (await deno.connect({ transport: "unix", path })).close();
    },
  };
}

/** Until the listener is closed. The kernel connects callers also while nobody accepts them. */
async function hangUp(listener: DenoListener): Promise<void> {
  try {
    for (;;) (await listener.accept()).close();
  } catch {
    // It was closed.
  }
}

const { Deno: deno } = globalThis as { Deno?: DenoSockets };

export const unixSockets: UnixSockets = deno === undefined ? throughNode : throughDeno(deno);
