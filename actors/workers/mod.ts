/** The public face of actors/workers/: jobs in other processes of this program. */
export { ownProgram } from "./own-program.ts";
export { inWorkers, type Work, type WorkersOptions, workOnInput } from "./pool.ts";
