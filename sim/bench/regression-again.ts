/** Measures ratios of `bench regression` in a process of its own: the engine has compiled nothing yet. */
import { answerRequests } from "./child.ts";
import { measureRatio } from "./regression-pairs.ts";

answerRequests({ ratio: ({ name, limit }: { name: string; limit: number }) => measureRatio(name, limit) });
