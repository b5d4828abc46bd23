/** The first port, and how many: below those that Linux and others give to whoever asks for none (from 32,768 or 49,152 on). */
const PORTS = { first: 20_000, count: 10_000 } as const;

/** Opens a server on a port that nobody gets by chance while it is closed, so that another one can be opened there. */
export async function onKeptPort<Server>(open: (port: number) => Promise<Server>): Promise<Server> {
  for (;;) {
    try {
      return await open(PORTS.first + Math.floor(Math.random() * PORTS.count));
    } catch (error) {
      if (!/EADDRINUSE|in use/.test(String(error))) throw error;
    }
  }
}
