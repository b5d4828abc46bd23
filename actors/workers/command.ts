/** `eigenwatch worker WORK`, hidden: does jobs for another process of this program, or for the thread that started it. */
import { isMainThread } from "node:worker_threads";
import { Command } from "@commander-js/extra-typings";
import { exitWith } from "../command-line/program.ts";
import { workInThread } from "./in-thread.ts";
import { type WorkTable, workOnInput } from "./work.ts";

/** The works come from outside: actors/ does not know what sim/ does in workers. */
export function createWorkerCommand(works: WorkTable) {
  return new Command("worker")
    .description("Does jobs for another process of this program: JSON lines on stdin and stdout.")
    .argument("<work>", Object.keys(works).join(", "))
    .action(exitWith((name) => (isMainThread ? workOnInput(works, name) : workInThread(works, name))));
}
