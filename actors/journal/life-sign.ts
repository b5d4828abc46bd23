/**
 * A sign of life in a folder: a Unix socket on which a process listens. Whoever connects learns that the process is there, in whatever
 * container it runs; the kernel refuses the connection as soon as the process is gone.
 *
 * Why a socket: Node has no call for file locks, and a process id means nothing in another PID namespace. A socket is found by its
 * file, so everybody on this kernel who sees the folder gets the same answer.
 */
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { unixSockets } from "./unix-socket.ts";

export interface LifeSign {
  /** Afterwards `isSignAlive` is false, and the file is gone. */
  close(): Promise<void>;
}

/** Bytes of a socket's path: 108 with the final zero on Linux, 104 on macOS. Node cuts a longer path off without a word. */
const SOCKET_PATH_BYTES_MAX = 103;

/** Gives a sign at `path`, which must be free. Null where the file system has no sockets. */
export async function raiseSign(path: string): Promise<LifeSign | null> {
  const listener = await withShortPath(path, (short) => unixSockets.listen(short)).catch(() => null);
  if (listener === null) return null;
  return {
    async close() {
      await listener.close();
      await rm(path, { force: true });
    },
  };
}

/** False only when no process listens any more: whatever else hinders the question counts as a sign. */
export async function isSignAlive(path: string): Promise<boolean> {
  // What fails before the question, as a link where no folder for temporary files is, is no answer to it.
  return withShortPath(path, isAnswered).catch(() => true);
}

async function isAnswered(path: string): Promise<boolean> {
  try {
    await unixSockets.reach(path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code !== "ECONNREFUSED" && code !== "ENOENT";
  }
}

/** A path too long for a socket is reached through a link with a short one, for as long as `act` takes. */
async function withShortPath<T>(path: string, act: (path: string) => Promise<T>): Promise<T> {
  if (Buffer.byteLength(path) <= SOCKET_PATH_BYTES_MAX) return act(path);
  const folder = await mkdtemp(join(tmpdir(), "eigenwatch-"));
  try {
    const link = join(folder, "r");
    await symlink(dirname(path), link);
    const short = join(link, basename(path));
    if (Buffer.byteLength(short) > SOCKET_PATH_BYTES_MAX)
      throw new Error(`Cannot reach ${path}: ${short} has more than ${SOCKET_PATH_BYTES_MAX} bytes`);
    return await act(short);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
