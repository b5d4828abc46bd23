/** The files given by --actor, as absolute paths: what this program starts of itself gets them too (actors/workers/own-program.ts). */
export const actorFiles: string[] = [];
