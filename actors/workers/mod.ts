/** The public face of actors/workers/: jobs in other processes and threads of this program. */
export { ownProgram } from "./own-program.ts";
export { inWorkers, type WorkersOptions } from "./pool.ts";
export { type ThreadListener, WorkThread } from "./thread.ts";
export { type Line, receivedError, type SentError, sentError, type Work } from "./work.ts";
